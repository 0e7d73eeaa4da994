// standard.cpp - locks of the C++ standard library, which are pthread mutexes inside.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>

static std::mutex one, other;
static std::timed_mutex timed;
static std::recursive_mutex again;
static std::condition_variable news;
static bool is_there;

static void one_then_other()
{
    std::lock_guard<std::mutex> outer(one);
    std::lock_guard<std::mutex> inner(other);
}

static void other_then_one()
{
    std::lock_guard<std::mutex> outer(other);
    std::lock_guard<std::mutex> inner(one);
}

static void wait_for_news()
{
    std::unique_lock<std::mutex> lock(one);
    news.wait_for(lock, std::chrono::milliseconds(1), [] { return is_there; });
    news.wait(lock, [] { return is_there; });
}

int main()
{
    std::thread waiter(wait_for_news);
    {
        std::lock_guard<std::mutex> lock(one);
        is_there = true;
        news.notify_all();
    }
    waiter.join();

    timed.lock();
    std::thread([] {
        std::puts(timed.try_lock_for(std::chrono::milliseconds(10)) ? "got" : "late");
    }).join();
    timed.unlock();
    again.lock();
    again.lock();
    again.unlock();
    again.unlock();

    // Both are there at the same time, but lock one after the other.
    std::promise<void> done;
    std::thread second([&done] {
        done.get_future().wait();
        other_then_one();
    });
    std::thread(one_then_other).join();
    done.set_value();
    second.join();
    return 4;
}
