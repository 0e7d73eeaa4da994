/*
 * hangs.cpp - C++ programs that hang on every run, chosen by name. test_hangs.c compiles and watches them.
 */
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::atomic<int> arrived;

static void wait_until(int threads)
{
    while (arrived < threads)
        std::this_thread::yield();
}

/* Returns when both threads have called it. */
static void meet()
{
    ++arrived;
    wait_until(2);
}

static std::mutex log_lock;
static std::shared_mutex index_lock;

static void query()
{
    std::shared_lock<std::shared_mutex> reading(index_lock);
    meet();
    std::lock_guard<std::mutex> logging(log_lock);
}

static void shared_mutex()
{
    std::thread reader(query);
    log_lock.lock();
    meet();
    index_lock.lock();
    reader.join();
}

/* The signal comes before the wait. */
static void condition_any()
{
    std::recursive_mutex mutex;
    std::condition_variable_any done;
    std::thread([&] { done.notify_all(); }).join();
    std::unique_lock<std::recursive_mutex> lock(mutex);
    done.wait(lock);
}

/* The thread has ended without an answer. The promise is still there, so the future does not even break. */
static void kept_promise()
{
    std::promise<int> promise;
    std::thread(
        [&promise](bool has_answer) {
            if (has_answer)
                promise.set_value(1);
        },
        false)
        .join();
    promise.get_future().get();
}

/* One thread does the tasks, one after the other. */
class Pool
{
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::packaged_task<int()>> tasks;
    std::thread worker;

    void work()
    {
        for (;;) {
            std::unique_lock<std::mutex> lock(mutex);
            changed.wait(lock, [this] { return !tasks.empty(); });
            std::packaged_task<int()> task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
        }
    }

  public:
    Pool() : worker(&Pool::work, this)
    {
    }

    int result(std::function<int()> function)
    {
        std::unique_lock<std::mutex> lock(mutex);
        tasks.emplace_back(function);
        std::future<int> future = tasks.back().get_future();
        lock.unlock();
        changed.notify_one();
        return future.get();
    }
};

/* A task that waits for another task of its pool. */
static void pool()
{
    static Pool *all = new Pool;
    all->result([] { return all->result([] { return 1; }); });
}

static int read_settings();

static int settings()
{
    static int value = read_settings(); // a second thread waits until the first has made it
    return value;
}

static int read_settings()
{
    std::thread(settings).join();
    return 1;
}

static void static_initialiser()
{
    settings();
}

/* A thread calls exit while it holds a lock. A destructor then joins a thread that wants the lock. */
static void exit_in_thread()
{
    static struct Workers {
        std::mutex mutex;
        std::thread fails, waits;

        ~Workers()
        {
            waits.join();
        }
    } workers;
    workers.fails = std::thread([] {
        std::lock_guard<std::mutex> lock(workers.mutex);
        ++arrived;
        wait_until(3);
        std::exit(1);
    });
    wait_until(1); // it has the lock
    workers.waits = std::thread([] {
        ++arrived;
        std::lock_guard<std::mutex> lock(workers.mutex);
    });
    ++arrived; // both are there to be joined
    workers.fails.join();
}

int main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*function)();
    } all[] = {
        {"shared_mutex", shared_mutex},
        {"condition_any", condition_any},
        {"kept_promise", kept_promise},
        {"pool", pool},
        {"static_initialiser", static_initialiser},
        {"exit_in_thread", exit_in_thread},
    };
    for (const auto &one : all)
        if (argc > 1 && std::strcmp(one.name, argv[1]) == 0) {
            one.function();
            std::puts("finished");
            return 0;
        }
    return 99;
}
