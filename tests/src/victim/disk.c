/* The disk under a process, as far as it can be told without privileges: loaded in front of libc, it says of every
 * database file when it is made durable, and can be full. It knows nothing of what is written.
 *
 * - After each fsync or fdatasync of such a file a line "synced NAME END" goes to standard output: between the process's
 *   own lines, in the order of what happened. END is where the last write through this descriptor ended; of one through
 *   which nothing was written nothing is said.
 * - While the file named by VICTIM_DISK_FULL is there, no log is written beyond the number of bytes that it holds, also
 *   where it is longer, as on a disk that copies what it writes, and no database grows beyond it: the write that would is
 *   cut short there, and the next one fails with ENOSPC, as a disk does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The name of a database or of its log; NULL for anything else. */
static const char *database(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    const char *end = strrchr(path, '.');
    if (!name || !end) return NULL;
    return strcmp(end, ".db") == 0 || strcmp(end, ".db-wal") == 0 ? name + 1 : NULL;
}

/* Where the last write through each descriptor ended. */
static long long ends[4096];

static int synced(int fd, long call) {
    int done = syscall(call, fd);
    char path[4096], line[4200];
    const char *name = done == 0 && fd < 4096 && ends[fd] ? database(fd, path, sizeof path) : NULL;
    if (name) {
        int length = snprintf(line, sizeof line, "synced %s %lld\n", name, ends[fd]);
        syscall(SYS_write, 1, line, length);
    }
    return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* How many of these bytes there is room for; -1 when there is no limit. */
static long long room(int fd, off_t at) {
    const char *control = getenv("VICTIM_DISK_FULL");
    char path[4096], text[32] = {0};
    struct stat now;
    const char *name = control ? database(fd, path, sizeof path) : NULL;
    if (!name || fstat(fd, &now) != 0) return -1;
    int limits = open(control, O_RDONLY | O_CLOEXEC);
    if (limits < 0) return -1;
    ssize_t length = read(limits, text, sizeof text - 1);
    close(limits);
    if (length <= 0) return -1;
    long long limit = atoll(text);
    int is_log = strcmp(strrchr(name, '.'), ".db-wal") == 0;
    if (!is_log && limit < now.st_size) limit = now.st_size;
    return limit > at ? limit - at : 0;
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t at) {
    long long left = room(fd, at);
    if (left == 0 && length > 0) {
        errno = ENOSPC;
        return -1;
    }
    if (left > 0 && (size_t)left < length) length = (size_t)left;
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, length, at);
    if (done > 0 && fd < 4096) ends[fd] = at + done;
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return written(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return written(fd, bytes, length, at); }
