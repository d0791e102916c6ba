/* A disk that fails: loaded before the C library, it counts what a process does to the files of one book, keeps a log of it, and lets one operation fail.
 *
 * The files are the book's main file, its log (-wal) and its journal (-journal), and the folder they lie in. Everything else, and every process that
 * was not told of a book, goes straight to the system. The log has one record per operation that changed something: a letter, the file's
 * inode, place and length, then the bytes. Letters: W write, T cut to a length, S flush, F flush that failed and forgot what was waiting, M name made,
 * U name removed, D folder flushed, and the name after M and U.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CUT = 1, TORN, ERROR, FULL, SHORT, HALF, FORGOTTEN, LOST_FLUSH };
enum { NONE, BOOK_FILE, BOOK_FOLDER };

static char book[4096], folder[4096];
static int log_file = -1, fault, from_then_on, failed;
static long fail_at, done;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

long disk_operations(void) { return done; }

void disk_watch(const char *path, const char *log, long at, int kind, int dead) {
    strncpy(book, path, sizeof book - 1);
    strncpy(folder, path, sizeof folder - 1);
    *strrchr(folder, '/') = 0;
    log_file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    fail_at = at, fault = kind, from_then_on = dead, done = 0, failed = 0;
}

static int kind_of_path(const char *path) {
    if (log_file < 0) return NONE;
    if (!strcmp(path, folder)) return BOOK_FOLDER;
    size_t length = strlen(book);
    if (strncmp(path, book, length)) return NONE;
    const char *rest = path + length;
    return !*rest || !strcmp(rest, "-wal") || !strcmp(rest, "-journal") ? BOOK_FILE : NONE;
}

static int kind_of(int file) {
    char link[64], path[4096];
    if (log_file < 0) return NONE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NONE;
    path[length] = 0;
    return kind_of_path(path);
}

static void note(char letter, uint64_t inode, uint64_t place, const void *data, uint64_t length) {
    struct { uint64_t letter, inode, place, length; } head = {(uint64_t)letter, inode, place, length};
    int kept = errno;
    if (REAL(write)(log_file, &head, sizeof head) != sizeof head) abort();
    if (data && length && REAL(write)(log_file, data, length) != (ssize_t)length) abort();
    errno = kept;
}

static uint64_t inode_of(int file) {
    struct stat found;
    return fstat(file, &found) ? 0 : found.st_ino;
}

/* Count one operation; return the fault that happens to it now, or 0. A process without power ends here. */
static int happens(void) {
    long number = done++;
    if (failed && from_then_on) return fault == FULL ? FULL : ERROR;
    if (number != fail_at || !fault) return 0;
    failed = 1;
    if (fault == CUT) _exit(137);
    return fault;
}

static int refused(int kind) {
    if (kind == TORN || kind == LOST_FLUSH) _exit(137);
    errno = kind == FULL || kind == HALF ? ENOSPC : EIO;
    return -1;
}

static ssize_t put(int file, const void *data, size_t length, off64_t place) {
    ssize_t made = REAL(pwrite64)(file, data, length, place);
    if (made > 0) note('W', inode_of(file), place, data, made);
    return made;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t place) {
    if (kind_of(file) != BOOK_FILE) return REAL(pwrite64)(file, data, length, place);
    int kind = happens();
    if (!kind) return put(file, data, length, place);
    size_t half = length > 1 ? length / 2 + length / 7 : length;
    if (kind == SHORT) return put(file, data, half, place);
    if (kind == TORN || kind == HALF) put(file, data, half, place);
    return refused(kind);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t place) { return pwrite64(file, data, length, place); }

ssize_t write(int file, const void *data, size_t length) {
    if (log_file < 0 || kind_of(file) != BOOK_FILE) return REAL(write)(file, data, length);
    off64_t place = lseek64(file, 0, SEEK_CUR);
    ssize_t made = pwrite64(file, data, length, place);
    if (made > 0) lseek64(file, place + made, SEEK_SET);
    return made;
}

int ftruncate64(int file, off64_t length) {
    if (kind_of(file) != BOOK_FILE) return REAL(ftruncate64)(file, length);
    int kind = happens();
    if (kind && kind != SHORT) {
        if (kind == TORN && !REAL(ftruncate64)(file, length)) note('T', inode_of(file), length, 0, 0);
        return refused(kind);
    }
    int made = REAL(ftruncate64)(file, length);
    if (!made) note('T', inode_of(file), length, 0, 0);
    return made;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int flush(int file, int (*real)(int)) {
    int kind = kind_of(file);
    if (kind == NONE) return real(file);
    int trouble = happens();
    if (trouble && trouble != SHORT) {
        /* As on Linux: what could not be written is forgotten, and the next flush says that all is well. */
        if (kind == BOOK_FILE && trouble != TORN) note('F', inode_of(file), 0, 0, 0);
        return refused(trouble);
    }
    if (kind == BOOK_FOLDER) note('D', 0, 0, 0, 0);
    else note('S', inode_of(file), 0, 0, 0);
    return 0; /* the disk here is the log; waiting for the real one proves nothing */
}

int fsync(int file) { return flush(file, REAL(fsync)); }

int fdatasync(int file) { return flush(file, REAL(fdatasync)); }

int unlink(const char *path) {
    if (kind_of_path(path) != BOOK_FILE) return REAL(unlink)(path);
    int kind = happens();
    if (kind && kind != SHORT && kind != TORN) return refused(kind);
    int made = REAL(unlink)(path);
    if (!made) note('U', 0, 0, path, strlen(path));
    return kind == TORN ? refused(kind) : made;
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    int made_here = flags & O_CREAT && kind_of_path(path) == BOOK_FILE && access(path, F_OK);
    int kind = made_here ? happens() : 0;
    if (kind && kind != SHORT && kind != TORN) return refused(kind);
    int file = REAL(open64)(path, flags, mode);
    if (made_here && file >= 0) note('M', inode_of(file), 0, path, strlen(path));
    if (kind == TORN) return refused(kind);
    return file;
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return open64(path, flags, mode);
}
