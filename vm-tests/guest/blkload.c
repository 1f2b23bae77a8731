/*
 * blkload: verified load on a block device, for use inside the test guest.
 *
 *   blkload fill   DEV [options]   write every sector of the region once, flush
 *   blkload rounds DEV [options]   fill again and again, one generation higher each time; after each flush: "durable GENERATION", "gap MS_WITHOUT_A_WRITE"
 *   blkload verify DEV [options]   read every sector of the region and check it
 *   blkload load   DEV [options]   fill, then random reads, writes and flushes of any size, every read checked; verify at the end
 *
 * Every sector describes itself (its place, the seed, a generation, and a body computed from the three), so a sector
 * that is torn, lost, misplaced or old is told apart, by this program or from outside (SectorPattern.java has the same rule).
 *
 * Exit: 0 all well, 1 wrong use, 3 wrong data, 4 an I/O error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { SECTOR = 512, WORDS = SECTOR / 8, MAX_THREADS = 64, FLUSH_EVERY = 64 };
enum { EXIT_USE = 1, EXIT_DATA = 3, EXIT_IO = 4 };

static const uint64_t MAGIC = 0x454341524c4c494dull; /* "MILLRACE", least significant byte first */

struct options {
  const char *device;
  uint64_t offset, length; /* bytes */
  uint64_t seed;
  uint32_t generation; /* written by fill; the least that verify accepts */
  bool exact; /* verify accepts no later generation either */
  int threads;
  uint32_t largest; /* bytes of the largest request */
  double seconds; /* of load and rounds; 0: by bytes */
  uint64_t bytes; /* of load */
  const char *announce;
};

static struct options options = {.seed = 1, .generation = 1, .threads = 4, .largest = 128 << 10, .bytes = 64 << 20};

static int device;
static uint32_t unit; /* sectors of a logical block */
static uint64_t first, count; /* the region, in sectors */
static uint32_t *generations; /* what load wrote last to each sector of the region */
static struct timespec begin;

static atomic_int result; /* the exit code; the first failure wins */
static atomic_uint_fast64_t moved; /* bytes of load's requests so far */
static atomic_uint_fast64_t reads, writes, flushes, last_write, longest_gap; /* the last two in nanoseconds */

struct worker {
  pthread_t thread;
  int index;
  uint64_t random;
  unsigned char *buffer; /* options.largest + 4096 bytes */
};

static void fail(int code, const char *format, ...)
{
  int none = 0;
  if (!atomic_compare_exchange_strong(&result, &none, code))
    return;
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static bool failed(void)
{
  return atomic_load_explicit(&result, memory_order_relaxed) != 0;
}

static double elapsed(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
}

static uint64_t mix(uint64_t z) /* the finalizer of splitmix64 */
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static uint64_t next(struct worker *worker, uint64_t bound)
{
  return mix(worker->random += 0x9e3779b97f4a7c15ull) % bound;
}

/* Words 0-3: magic, sector, seed, generation. The rest: a body that depends on all of them. */
static void describe(uint64_t *words, uint64_t sector, uint32_t generation)
{
  uint64_t state = mix(sector + mix(options.seed + mix(generation)));
  words[0] = MAGIC;
  words[1] = sector;
  words[2] = options.seed;
  words[3] = generation;
  for (int i = 4; i < WORDS; i++)
    words[i] = state += 0x9e3779b97f4a7c15ull;
}

/* Checks one sector; least == most when the generation is known. */
static bool check(const uint64_t *words, uint64_t sector, uint32_t least, uint32_t most)
{
  uint64_t expected[WORDS];
  uint64_t generation = words[3];
  if (words[0] != MAGIC || words[1] != sector || words[2] != options.seed || generation < least ||
      generation > most) {
    fail(EXIT_DATA,
         "MISMATCH sector %llu: expected seed %llu generation %u..%u, found magic %016llx sector %llu seed %llu "
         "generation %llu",
         (unsigned long long)sector, (unsigned long long)options.seed, least, most,
         (unsigned long long)words[0], (unsigned long long)words[1], (unsigned long long)words[2],
         (unsigned long long)words[3]);
    return false;
  }
  describe(expected, sector, (uint32_t)generation);
  if (memcmp(expected, words, SECTOR) != 0) {
    fail(EXIT_DATA, "MISMATCH sector %llu: torn body in generation %llu", (unsigned long long)sector,
         (unsigned long long)generation);
    return false;
  }
  return true;
}

static bool note_write(void) /* of several at a time, only the first after a pause sees a long gap */
{
  uint_fast64_t now = (uint_fast64_t)(elapsed() * 1e9), before = atomic_exchange(&last_write, now);
  if (now > before && now - before > longest_gap)
    longest_gap = now - before;
  return true;
}

static bool transfer(bool write, void *buffer, uint64_t sector, uint32_t sectors)
{
  size_t bytes = (size_t)sectors * SECTOR;
  off_t offset = (off_t)(sector * SECTOR);
  ssize_t moved_now = write ? pwrite(device, buffer, bytes, offset) : pread(device, buffer, bytes, offset);
  if (moved_now == (ssize_t)bytes)
    return !write || note_write();
  fail(EXIT_IO, "ERROR %s of %u sectors at %llu: %s", write ? "write" : "read", sectors,
       (unsigned long long)sector, moved_now < 0 ? strerror(errno) : "short");
  return false;
}

static bool flush(void)
{
  atomic_fetch_add(&flushes, 1);
  if (fdatasync(device) == 0)
    return true;
  fail(EXIT_IO, "ERROR flush: %s", strerror(errno));
  return false;
}

/* The region is dealt out in slices of the largest request; slice i belongs to worker i % threads, so no two race. */
static uint64_t slices(void)
{
  uint64_t size = options.largest / SECTOR;
  return (count + size - 1) / size;
}

static uint32_t slice(uint64_t index, uint64_t *start)
{
  uint64_t size = options.largest / SECTOR, left = count - index * size;
  *start = first + index * size;
  return (uint32_t)(left < size ? left : size);
}

static void *fill_worker(void *argument)
{
  struct worker *worker = argument;
  for (uint64_t i = (uint64_t)worker->index; i < slices() && !failed(); i += (uint64_t)options.threads) {
    uint64_t start;
    uint32_t sectors = slice(i, &start);
    for (uint32_t s = 0; s < sectors; s++)
      describe((uint64_t *)(worker->buffer + s * SECTOR), start + s, options.generation);
    transfer(true, worker->buffer, start, sectors);
  }
  return NULL;
}

static void *verify_worker(void *argument)
{
  struct worker *worker = argument;
  for (uint64_t i = (uint64_t)worker->index; i < slices() && !failed(); i += (uint64_t)options.threads) {
    uint64_t start;
    uint32_t sectors = slice(i, &start);
    memset(worker->buffer, 0xa5, (size_t)sectors * SECTOR);
    if (!transfer(false, worker->buffer, start, sectors))
      return NULL;
    for (uint32_t s = 0; s < sectors; s++) {
      uint32_t least = generations ? generations[start + s - first] : options.generation;
      uint32_t most = generations || options.exact ? least : UINT32_MAX;
      if (!check((uint64_t *)(worker->buffer + s * SECTOR), start + s, least, most))
        return NULL;
    }
  }
  return NULL;
}

/* One request of load: any length and place inside one of the worker's slices, any alignment of the memory. */
static bool one_request(struct worker *worker)
{
  uint64_t start, mine = (slices() - (uint64_t)worker->index + (uint64_t)options.threads - 1) / (uint64_t)options.threads;
  uint32_t blocks = slice(next(worker, mine) * (uint64_t)options.threads + (uint64_t)worker->index, &start) / unit;
  uint32_t skip = (uint32_t)next(worker, blocks);
  uint32_t sectors = (uint32_t)(1 + next(worker, next(worker, 2) ? blocks - skip : 1 + (blocks - skip) / 8)) * unit;
  if (sectors > (blocks - skip) * unit)
    sectors = (blocks - skip) * unit;
  uint64_t sector = start + (uint64_t)skip * unit;
  uint32_t *known = generations + (sector - first);
  unsigned char *data = worker->buffer + next(worker, 4096 / (unit * SECTOR)) * unit * SECTOR;
  atomic_fetch_add_explicit(&moved, (uint64_t)sectors * SECTOR, memory_order_relaxed);
  if (next(worker, 2)) {
    atomic_fetch_add_explicit(&writes, 1, memory_order_relaxed);
    for (uint32_t s = 0; s < sectors; s++)
      describe((uint64_t *)(data + s * SECTOR), sector + s, ++known[s]);
    return transfer(true, data, sector, sectors);
  }
  atomic_fetch_add_explicit(&reads, 1, memory_order_relaxed);
  memset(data, 0xa5, (size_t)sectors * SECTOR);
  if (!transfer(false, data, sector, sectors))
    return false;
  for (uint32_t s = 0; s < sectors; s++)
    if (!check((uint64_t *)(data + s * SECTOR), sector + s, known[s], known[s]))
      return false;
  return true;
}

static bool time_left(void)
{
  return options.seconds > 0 ? elapsed() < options.seconds : atomic_load(&moved) < options.bytes;
}

static void *load_worker(void *argument)
{
  struct worker *worker = argument;
  if ((uint64_t)worker->index >= slices())
    return NULL;
  for (unsigned done = 1; !failed() && time_left(); done++) {
    if (!one_request(worker) || (done % FLUSH_EVERY == 0 && !flush()))
      break;
    if (options.announce && worker->index == 0 && done == FLUSH_EVERY) {
      printf("%s\n", options.announce);
      fflush(stdout);
    }
  }
  return NULL;
}

static bool run(void *(*body)(void *))
{
  static struct worker workers[MAX_THREADS];
  for (int i = 0; i < options.threads; i++) {
    struct worker *worker = &workers[i];
    worker->index = i;
    worker->random = mix(options.seed * MAX_THREADS + (uint64_t)i);
    if ((!worker->buffer && posix_memalign((void **)&worker->buffer, 4096, options.largest + 4096)) ||
        pthread_create(&worker->thread, NULL, body, worker)) {
      printf("no memory for thread %d of %d\n", i + 1, options.threads);
      exit(EXIT_USE);
    }
  }
  for (int i = 0; i < options.threads; i++)
    pthread_join(workers[i].thread, NULL);
  return !failed();
}

static bool fill(void)
{
  return run(fill_worker) && flush();
}

static void rounds(void)
{
  while ((options.seconds == 0 || elapsed() < options.seconds) && fill()) {
    printf("durable %u\ngap %.0f\n", options.generation++, (double)atomic_exchange(&longest_gap, 0) / 1e6);
    fflush(stdout);
  }
}

static void load(void)
{
  if (!fill())
    return;
  generations = malloc(count * sizeof *generations);
  if (!generations) {
    fail(EXIT_USE, "no memory for %llu sectors", (unsigned long long)count);
    return;
  }
  for (uint64_t i = 0; i < count; i++)
    generations[i] = options.generation;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  if (!run(load_worker) || !flush())
    return;
  double took = elapsed();
  if (run(verify_worker))
    printf("verified: %llu reads and %llu writes in %.2f s, %.1f MiB, %llu flushes, %d threads, seed %llu\n",
           (unsigned long long)reads, (unsigned long long)writes, took, (double)moved / (1 << 20),
           (unsigned long long)flushes, options.threads, (unsigned long long)options.seed);
}

static void usage(void)
{
  fputs("usage: blkload fill|rounds|verify|load DEVICE [--offset BYTES] [--length BYTES] [--seed N] [--generation N]\n"
        "         [--exact] [--threads N] [--largest BYTES] [--seconds N | --bytes N] [--announce WORD]\n",
        stdout);
  exit(EXIT_USE);
}

static void parse(int argc, char **argv)
{
  static const struct option known[] = {
    {"offset", required_argument, NULL, 'o'},     {"length", required_argument, NULL, 'l'},
    {"seed", required_argument, NULL, 's'}, {"generation", required_argument, NULL, 'g'},
    {"exact", no_argument, NULL, 'e'}, {"threads", required_argument, NULL, 't'},
    {"largest", required_argument, NULL, 'b'},    {"seconds", required_argument, NULL, 'S'},
    {"bytes", required_argument, NULL, 'B'},      {"announce", required_argument, NULL, 'a'},
    {NULL, 0, NULL, 0},
  };
  int letter;
  while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (letter) {
    case 'o': options.offset = strtoull(optarg, NULL, 0); break;
    case 'l': options.length = strtoull(optarg, NULL, 0); break;
    case 's': options.seed = strtoull(optarg, NULL, 0); break;
    case 'g': options.generation = (uint32_t)strtoul(optarg, NULL, 0); break;
    case 'e': options.exact = true; break;
    case 't': options.threads = atoi(optarg); break;
    case 'b': options.largest = (uint32_t)strtoul(optarg, NULL, 0); break;
    case 'S': options.seconds = atof(optarg); break;
    case 'B': options.bytes = strtoull(optarg, NULL, 0); break;
    case 'a': options.announce = optarg; break;
    default: usage();
    }
  }
  if (argc - optind != 2 || options.threads < 1 || options.threads > MAX_THREADS || options.largest % 4096 ||
      options.largest == 0)
    usage();
  options.device = argv[optind + 1];
}

/* Opens the device and sets the region: all of it by default. */
static void open_region(const char *verb)
{
  uint64_t size = 0;
  int block = SECTOR;
  device = open(options.device, (strcmp(verb, "verify") ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
  if (device < 0 || ioctl(device, BLKGETSIZE64, &size) || ioctl(device, BLKSSZGET, &block)) {
    printf("ERROR open %s: %s\n", options.device, strerror(errno));
    exit(EXIT_IO);
  }
  if (options.length == 0 && options.offset < size)
    options.length = size - options.offset;
  unit = (uint32_t)block / SECTOR;
  first = options.offset / SECTOR;
  count = options.length / SECTOR;
  if (options.offset + options.length > size || count == 0 || (options.offset | options.length) % (uint64_t)block) {
    printf("ERROR %s has %llu bytes in blocks of %d: no room for %llu bytes at %llu\n", options.device,
           (unsigned long long)size, block, (unsigned long long)options.length,
           (unsigned long long)options.offset);
    exit(EXIT_USE);
  }
}

int main(int argc, char **argv)
{
  parse(argc, argv);
  const char *verb = argv[optind];
  open_region(verb);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  if (!strcmp(verb, "fill"))
    fill();
  else if (!strcmp(verb, "rounds"))
    rounds();
  else if (!strcmp(verb, "verify"))
    run(verify_worker);
  else if (!strcmp(verb, "load"))
    load();
  else
    usage();
  if (!failed() && strcmp(verb, "load"))
    printf("%s: %.1f MiB in %.2f s\n", verb, (double)options.length / (1 << 20), elapsed());
  return atomic_load(&result);
}
