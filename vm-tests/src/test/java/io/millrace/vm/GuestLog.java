package io.millrace.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lines a guest's script reports, in order, as they come. A thread reads them until QEMU ends;
 * tests wait for the next one that matters. A line that starts with {@code FAIL} fails whoever
 * waits.
 */
final class GuestLog {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<String> lines = new ArrayList<>();
  private int awaited; // lines before this index were passed by await
  private boolean ended;

  static GuestLog read(InputStream source, Path copy, String name) throws IOException {
    GuestLog log = new GuestLog();
    PrintWriter file = new PrintWriter(Files.newBufferedWriter(copy), true);
    Thread.ofPlatform().daemon().name(name).start(() -> log.pump(source, file));
    return log;
  }

  /**
   * The next line, after the one awaited last, that starts with this prefix; without the prefix.
   */
  String await(String prefix, Duration limit) throws InterruptedException {
    long remainingNanos = limit.toNanos();
    lock.lock();
    try {
      while (true) {
        while (awaited < lines.size()) {
          String line = lines.get(awaited++);
          if (line.startsWith(prefix)) {
            return line.substring(prefix.length()).strip();
          }
          if (line.startsWith("FAIL")) {
            throw new AssertionError("the guest says: " + line);
          }
        }
        if (ended) {
          throw new AssertionError("QEMU ended before the guest said '" + prefix + "'");
        }
        if (remainingNanos <= 0) {
          throw new AssertionError(
              "the guest did not say '" + prefix + "' within " + limit.toSeconds() + " s");
        }
        remainingNanos = changed.awaitNanos(remainingNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** All lines so far. */
  List<String> lines() {
    lock.lock();
    try {
      return List.copyOf(lines);
    } finally {
      lock.unlock();
    }
  }

  private void pump(InputStream source, PrintWriter file) {
    try (file;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(source, StandardCharsets.ISO_8859_1))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        file.println(line);
        publish(line, false);
      }
    } catch (IOException e) {
      publish("INFO the pipe from QEMU broke: " + e.getMessage(), false);
    } finally {
      publish("", true);
    }
  }

  private void publish(String line, boolean last) {
    lock.lock();
    try {
      if (last) {
        ended = true;
      } else {
        lines.add(line);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
