/*
 * display_window.c - shows the picture in a window, by SDL2 (https://wiki.libsdl.org/SDL2). See
 * display.h.
 */
#include "display_kind.h"

#ifdef HAVE_SDL2

#include <SDL.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    SDL_Window *window;
    SDL_Renderer *renderer; // draws in the window
    SDL_Texture *texture;   // the picture, as the renderer wants it
} window;

static void close_window(void)
{
    SDL_DestroyTexture(window.texture);
    SDL_DestroyRenderer(window.renderer);
    SDL_DestroyWindow(window.window);
    SDL_Quit();
    window.texture = NULL;
    window.renderer = NULL;
    window.window = NULL;
}

/* Without this, SDL might take over a server's console when there is no desktop to draw on. */
static bool is_desktop(void)
{
#ifdef __APPLE__
    return true;
#else
    return getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL ||
           getenv("SDL_VIDEODRIVER") != NULL;
#endif
}

static const char *open_window(const struct display *display, const char *title)
{
    static char reason[200];
    if (!is_desktop())
        return "there is no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set";
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); // display.c has its own
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    if (SDL_Init(SDL_INIT_VIDEO) == 0) {
        window.window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                         display->width * display->scale,
                                         display->height * display->scale, SDL_WINDOW_RESIZABLE);
        if (window.window != NULL)
            window.renderer = SDL_CreateRenderer(window.window, -1, 0);
        if (window.renderer != NULL)
            window.texture =
                SDL_CreateTexture(window.renderer, SDL_PIXELFORMAT_RGB24,
                                  SDL_TEXTUREACCESS_STREAMING, display->width, display->height);
        // A window of another shape gets black bars.
        if (window.texture != NULL &&
            SDL_RenderSetLogicalSize(window.renderer, display->width, display->height) == 0)
            return NULL;
    }
    snprintf(reason, sizeof reason, "%s", SDL_GetError());
    close_window();
    return reason;
}

static bool asks_to_end(const SDL_Event *event)
{
    const SDL_Keysym *key = &event->key.keysym;
    return event->type == SDL_QUIT ||
           (event->type == SDL_KEYDOWN && (key->sym == SDLK_q || key->sym == SDLK_ESCAPE ||
                                           (key->sym == SDLK_c && (key->mod & KMOD_CTRL) != 0)));
}

static int show_window(const struct display *display)
{
    SDL_Event event;
    int line = display->width * (int)sizeof display->points[0];
    bool is_shown = SDL_UpdateTexture(window.texture, NULL, display->points, line) == 0 &&
                    SDL_RenderClear(window.renderer) == 0 &&
                    SDL_RenderCopy(window.renderer, window.texture, NULL, NULL) == 0;
    SDL_RenderPresent(window.renderer);
    while (SDL_PollEvent(&event)) {
        if (asks_to_end(&event))
            return ECANCELED;
    }
    return is_shown ? 0 : EIO;
}

#else

static const char *open_window(const struct display *display, const char *title)
{
    (void)display;
    (void)title;
    return "built without SDL2";
}

static int show_window(const struct display *display)
{
    (void)display;
    return 0;
}

static void close_window(void)
{
}

#endif

const struct display_kind display_window = {"window", open_window, show_window, close_window};
