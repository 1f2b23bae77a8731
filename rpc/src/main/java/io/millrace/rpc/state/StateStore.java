package io.millrace.rpc.state;

import io.millrace.rpc.state.StateFormat.Change;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Named records that outlive the process, in a directory that one process at a time uses. A change
 * is durable when it is acknowledged; a crash at any moment leaves each change done or not done.
 *
 * <p>Any thread may call it. A thread of the store's own writes, several changes that wait with one
 * sync, and completes the stages: what hangs on them must not wait. Changes are done in the order
 * of the calls, and are seen by {@link #get} from when they are durable.
 */
public final class StateStore implements AutoCloseable {
  /** Longest key, in bytes. */
  public static final int MAX_KEY_BYTES = 200;

  /** Longest value, in bytes. */
  public static final int MAX_VALUE_BYTES = 1 << 20;

  /** Keys and values of all records together, in bytes, and 16 for each. */
  public static final int MAX_TOTAL_BYTES = 32 << 20;

  /** Changes that wait at the same time. */
  public static final int MAX_WAITING = 4096;

  private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);
  private static final int RECORD_BYTES = 16; // at most, beside its key and value
  private static final int BATCH_BYTES = 4 << 20; // after which the next ones wait
  private static final int COMPACT_AT_BYTES = 1 << 20; // and twice what the records take

  private record Waiting(Change change, CompletableFuture<@Nullable Void> done) {}

  private final StateDirectory directory;
  private final ConcurrentSkipListMap<String, byte[]> records;
  private final Thread writer;
  private final Object gate = new Object();
  private List<Waiting> waiting = new ArrayList<>(); // guarded by gate, as the next one
  private boolean closing;

  // The writer's.
  private long nextSequence;
  private long liveBytes;
  private long compactAtBytes;
  private @Nullable StateException broken;

  private StateStore(StateDirectory directory, Replayed replayed) {
    this.directory = directory;
    records = new ConcurrentSkipListMap<>(replayed.records());
    nextSequence = replayed.nextSequence();
    replayed.records().forEach((key, value) -> liveBytes += cost(key, value));
    compactAtBytes = COMPACT_AT_BYTES + 2 * liveBytes;
    writer = Thread.ofPlatform().name("millrace-state").daemon().unstarted(this::write);
  }

  /**
   * Opens a directory; an empty one, or one that does not exist, has no records. Waits for the
   * disk.
   *
   * @throws StateException it is another process's, damaged, or of a newer version
   */
  public static StateStore open(Path directory) throws StateException {
    StateDirectory claimed = StateDirectory.claim(directory);
    try {
      StateStore store = new StateStore(claimed, claimed.read());
      store.writer.start();
      return store;
    } catch (StateException e) {
      claimed.close();
      throw e;
    }
  }

  /** A record's value: a copy. */
  public Optional<byte[]> get(String key) {
    byte[] value = records.get(key);
    return value == null ? Optional.empty() : Optional.of(value.clone());
  }

  /** The keys that begin so, ascending; as they are now. */
  public List<String> keys(String prefix) {
    List<String> found = new ArrayList<>();
    for (String key : records.tailMap(prefix).keySet()) {
      if (!key.startsWith(prefix)) {
        break;
      }
      found.add(key);
    }
    return found;
  }

  /**
   * Sets a record.
   *
   * @param key 1 to {@link #MAX_KEY_BYTES} characters of printable ASCII
   * @param value 0 to {@link #MAX_VALUE_BYTES} bytes; copied
   * @return complete when it is durable; fails with {@link StateException} when it cannot be, and
   *     the record is as it was
   */
  public CompletionStage<@Nullable Void> put(String key, byte[] value) {
    if (value.length > MAX_VALUE_BYTES) {
      throw new IllegalArgumentException("a value of " + value.length + " bytes");
    }
    return change(key, value.clone());
  }

  /** Removes a record, if there is one; as {@link #put}. */
  public CompletionStage<@Nullable Void> remove(String key) {
    return change(key, null);
  }

  private CompletionStage<@Nullable Void> change(String key, byte @Nullable [] value) {
    if (key.isEmpty()
        || key.length() > MAX_KEY_BYTES
        || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("key '" + key + "'");
    }
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    synchronized (gate) {
      if (!closing && waiting.size() < MAX_WAITING) {
        waiting.add(new Waiting(new Change(key, value), done));
        gate.notifyAll();
        return done;
      }
    }
    return CompletableFuture.failedStage(
        new StateException(directory.file() + ": it is closed, or too many changes wait"));
  }

  // ---- the writer -------------------------------------------------------------------------------

  private void write() {
    for (List<Waiting> taken = take(); !taken.isEmpty(); taken = take()) {
      List<Waiting> batch = new ArrayList<>();
      long bytes = 0;
      for (Waiting each : taken) {
        batch.add(each);
        bytes += each.change().bytes();
        if (bytes >= BATCH_BYTES) {
          commit(batch);
          batch.clear();
          bytes = 0;
        }
      }
      commit(batch);
    }
    directory.close();
  }

  /** Waits for changes; none when the store is closed and all are done. */
  private List<Waiting> take() {
    synchronized (gate) {
      while (waiting.isEmpty() && !closing) {
        try {
          gate.wait();
        } catch (InterruptedException e) {
          closing = true; // nobody interrupts it but an end of everything
        }
      }
      List<Waiting> taken = waiting;
      waiting = new ArrayList<>();
      return taken;
    }
  }

  private void commit(List<Waiting> batch) {
    List<Waiting> fitting = new ArrayList<>();
    Map<String, Long> costs = new HashMap<>(); // of what the batch changes
    long after = liveBytes;
    for (Waiting each : batch) {
      String key = each.change().key();
      long cost = cost(key, each.change().value());
      long grown = after + cost - costs.getOrDefault(key, cost(key, records.get(key)));
      StateException why = broken;
      if (why == null && grown > MAX_TOTAL_BYTES && grown > after) {
        why =
            new StateException(
                "%s: its records have %d bytes, more than %d are too many"
                    .formatted(directory.file(), after, MAX_TOTAL_BYTES));
      }
      if (why != null) {
        each.done.completeExceptionally(why);
      } else {
        fitting.add(each);
        costs.put(key, cost);
        after = grown;
      }
    }
    if (!fitting.isEmpty()) {
      writeDown(fitting, after);
    }
  }

  private void writeDown(List<Waiting> batch, long bytesAfter) {
    try {
      directory.append(
          StateFormat.batch(batch.stream().map(Waiting::change).toList(), nextSequence));
      nextSequence++;
    } catch (IOException e) {
      StateException failed = directory.failed(e);
      if (e instanceof StateDirectory.Unknown) {
        broken = failed;
      }
      LOG.error("{}", failed.getMessage());
      batch.forEach(each -> each.done.completeExceptionally(failed));
      return;
    }
    liveBytes = bytesAfter;
    for (Waiting each : batch) {
      byte[] value = each.change().value();
      if (value == null) {
        records.remove(each.change().key());
      } else {
        records.put(each.change().key(), value);
      }
    }
    batch.forEach(each -> each.done.complete(null));
    compactIfLong();
  }

  private void compactIfLong() {
    if (directory.size() < compactAtBytes) {
      return;
    }
    try {
      directory.replace(records, nextSequence);
      compactAtBytes = COMPACT_AT_BYTES + 3 * liveBytes;
    } catch (IOException e) {
      StateException failed = directory.failed(e);
      LOG.warn("{}", failed.getMessage());
      if (e instanceof StateDirectory.Unknown
          || directory.size() > StateDirectory.MAX_FILE_BYTES / 2) {
        broken = failed;
      }
      compactAtBytes = 2 * directory.size(); // the journal goes on; another try later
    }
  }

  private static long cost(String key, byte @Nullable [] value) {
    return value == null ? 0 : RECORD_BYTES + key.length() + value.length;
  }

  /** Does what waits, and gives the directory up; not on a thread that the stages wait for. */
  @Override
  public void close() {
    synchronized (gate) {
      closing = true;
      gate.notifyAll();
    }
    boolean interrupted = false;
    while (true) {
      try {
        writer.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
