/* Makes a load generator look for answers again and again instead of falling asleep until one comes,
   so that no server pays for waking it. Loaded before the C library (LD_PRELOAD). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/epoll.h>

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    static int (*of_libc)(int, struct epoll_event *, int, int);
    if (!of_libc)
        of_libc = dlsym(RTLD_NEXT, "epoll_wait");
    (void)timeout;
    return of_libc(epoll, events, most, 0);
}
