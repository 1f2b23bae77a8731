package io.millrace.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The self-describing sectors of {@code vm-tests/guest/blkload.c}, checked from outside the guest,
 * byte for byte.
 */
final class SectorPattern {
  private static final int SECTOR = 512; // bytes
  private static final int WORDS = SECTOR / Long.BYTES;
  private static final int HEAD_WORDS = 4; // magic, sector, seed, generation
  private static final int CHUNK = 1 << 20; // bytes read at once
  private static final long MAGIC = 0x454341524c4c494dL; // "MILLRACE"
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private SectorPattern() {}

  /** Writes this part of the image as blkload's {@code fill} does. */
  static void fill(Path image, long offsetBytes, long bytes, long seed, long generation)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    long firstSector = offsetBytes / SECTOR;
    for (long sector = firstSector; sector < firstSector + bytes / SECTOR; sector++) {
      buffer.putLong(MAGIC).putLong(sector).putLong(seed).putLong(generation);
      long state = body(sector, seed, generation);
      for (int i = HEAD_WORDS; i < WORDS; i++) {
        buffer.putLong(state += GOLDEN);
      }
    }
    buffer.flip();
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      while (buffer.hasRemaining()) {
        channel.write(buffer, offsetBytes + buffer.position());
      }
    }
  }

  /**
   * Every sector of this part of the image describes itself with this seed and at least this
   * generation.
   */
  static void assertHolds(
      Path image, long offsetBytes, long bytes, long seed, long leastGeneration) {
    scan(
        image,
        offsetBytes,
        bytes,
        (words, at, sector) -> checkSector(image, words, at, sector, seed, leastGeneration));
  }

  /** Nothing was ever written to this part of the image. */
  static void assertZero(Path image, long offsetBytes, long bytes) {
    scan(
        image,
        offsetBytes,
        bytes,
        (words, at, sector) -> {
          for (int i = 0; i < WORDS; i++) {
            if (words.get(at + i) != 0) {
              throw new AssertionError("%s sector %d is not zero".formatted(image, sector));
            }
          }
        });
  }

  private interface SectorCheck {
    void check(LongBuffer words, int at, long sector);
  }

  private static void scan(Path image, long offsetBytes, long bytes, SectorCheck check) {
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(image)) {
      for (long done = 0; done < bytes; done += buffer.limit()) {
        buffer.clear().limit((int) Math.min(CHUNK, bytes - done));
        while (buffer.hasRemaining()) {
          if (channel.read(buffer, offsetBytes + done + buffer.position()) < 0) {
            throw new AssertionError(image + " ends at " + channel.size() + " bytes");
          }
        }
        LongBuffer words = buffer.flip().asLongBuffer();
        for (int at = 0; at < words.limit(); at += WORDS) {
          check.check(words, at, (offsetBytes + done) / SECTOR + at / WORDS);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkSector(
      Path image, LongBuffer words, int at, long sector, long seed, long leastGeneration) {
    long generation = words.get(at + 3);
    if (words.get(at) != MAGIC
        || words.get(at + 1) != sector
        || words.get(at + 2) != seed
        || generation < leastGeneration) {
      throw new AssertionError(
          "%s sector %d: expected seed %d and generation %d or later; found magic %x, sector %d, seed %d, generation %d"
              .formatted(
                  image,
                  sector,
                  seed,
                  leastGeneration,
                  words.get(at),
                  words.get(at + 1),
                  words.get(at + 2),
                  generation));
    }
    long state = body(sector, seed, generation);
    for (int i = HEAD_WORDS; i < WORDS; i++) {
      state += GOLDEN;
      if (words.get(at + i) != state) {
        throw new AssertionError(
            "%s sector %d: torn in generation %d".formatted(image, sector, generation));
      }
    }
  }

  /** What the words after the head start from. */
  private static long body(long sector, long seed, long generation) {
    return mix(sector + mix(seed + mix(generation)));
  }

  private static long mix(long value) { // the finalizer of splitmix64
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
