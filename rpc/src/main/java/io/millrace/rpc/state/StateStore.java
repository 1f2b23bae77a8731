package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
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
  private static final int OVERHEAD_BYTES = 4096; // more than a batch has beside its changes
  private static final int COMPACT_AT_BYTES = 1 << 20; // and twice what the records take

  /**
   * What waits for the writer.
   *
   * @param reserve bytes to find room for, instead of changes
   * @param release bytes that had been reserved for these changes, or that are not needed after all
   * @param promised whether room was, or is, reserved, so that no limit refuses it
   */
  private record Waiting(
      List<StateChange> changes,
      long reserve,
      long release,
      boolean promised,
      CompletableFuture<@Nullable Void> done) {
    int bytes() {
      return changes.stream().mapToInt(StateChange::bytes).sum();
    }
  }

  private final StateDirectory directory;
  private final ConcurrentSkipListMap<String, byte[]> records;
  private final Thread writer;
  private final Object gate = new Object();
  private List<Waiting> waiting = new ArrayList<>(); // guarded by gate, as the next one
  private boolean closing;

  // The writer's.
  private long nextSequence;
  private long liveBytes;
  private long reservedBytes;
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
    return open(directory, StateFile::open);
  }

  /**
   * The records of a directory as they are now, also of one that another process uses, or that this
   * user may only read. Waits for the disk.
   *
   * @throws StateException there is no state, it is damaged or of a newer version
   */
  static SortedMap<String, byte[]> peek(Path directory) throws StateException {
    Replayed replayed = StateDirectory.peek(directory);
    if (replayed == null) {
      throw new StateException(
          directory + ": has no state; give the directory of serve's --state, not a file in it");
    }
    return replayed.records();
  }

  static StateStore open(Path directory, StateFile.Opener opener) throws StateException {
    StateDirectory claimed = StateDirectory.claim(directory, opener);
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

  /** All records as they are now; the values are not to be changed. */
  SortedMap<String, byte[]> records() {
    return new TreeMap<>(records);
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
    return submit(List.of(StateChange.put(key, value)), 0, 0, false);
  }

  /** Removes a record, if there is one; as {@link #put}. */
  public CompletionStage<@Nullable Void> remove(String key) {
    return submit(List.of(StateChange.remove(key)), 0, 0, false);
  }

  /**
   * Finds room for changes before what they are about is done.
   *
   * @param bytes at most as many as {@link #MAX_VALUE_BYTES}; to be given back by {@link #commit}
   * @return complete when there is room; fails with {@link StateException} when there is none or
   *     the disk does not take writes, and nothing is to be given back then
   */
  public CompletionStage<@Nullable Void> reserve(long bytes) {
    if (bytes < 0 || bytes > MAX_VALUE_BYTES) {
      throw new IllegalArgumentException("a reservation of " + bytes + " bytes");
    }
    return submit(List.of(), bytes, 0, true);
  }

  /**
   * Makes changes that are durable together or not at all, and all that were asked for before.
   *
   * @param changes none to wait for the earlier ones only
   * @param reserved bytes of {@link #reserve} that are given back
   * @return as of {@link #put}
   */
  public CompletionStage<@Nullable Void> commit(List<StateChange> changes, long reserved) {
    return submit(List.copyOf(changes), 0, reserved, true);
  }

  private CompletionStage<@Nullable Void> submit(
      List<StateChange> changes, long reserve, long release, boolean promised) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    synchronized (gate) {
      if (!closing && (promised || waiting.size() < MAX_WAITING)) {
        waiting.add(new Waiting(changes, reserve, release, promised, done));
        gate.notifyAll();
        return done;
      }
    }
    return CompletableFuture.failedStage(
        new StateException(
            Errno.EBUSY, directory.file() + ": it is closed, or too many changes wait; try again"));
  }

  // ---- the writer -------------------------------------------------------------------------------

  private void write() {
    for (List<Waiting> taken = take(); !taken.isEmpty(); taken = take()) {
      List<Waiting> batch = new ArrayList<>();
      long bytes = 0;
      for (Waiting each : taken) {
        if (each.reserve > 0) {
          reserve(each, bytes);
          continue;
        }
        batch.add(each);
        bytes += each.bytes();
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

  /**
   * Finds room.
   *
   * @param ahead bytes that are about to be written before
   */
  private void reserve(Waiting wanted, long ahead) {
    StateException why = broken;
    if (why == null && liveBytes + wanted.reserve > MAX_TOTAL_BYTES) {
      why = tooMany(liveBytes);
    }
    if (why == null) {
      why = findRoom(reservedBytes + ahead + OVERHEAD_BYTES + wanted.reserve);
    }
    if (why != null) {
      wanted.done.completeExceptionally(why);
    } else {
      reservedBytes += wanted.reserve;
      wanted.done.complete(null);
    }
  }

  private @Nullable StateException findRoom(long bytes) {
    try {
      directory.reserve(bytes);
      return null;
    } catch (IOException e) {
      return directory.failed(e);
    }
  }

  private StateException tooMany(long bytes) {
    return new StateException(
        Errno.ENOSPC,
        "%s: its records have %d bytes, more than %d are too many; delete something"
            .formatted(directory.file(), bytes, MAX_TOTAL_BYTES));
  }

  private void commit(List<Waiting> batch) {
    List<Waiting> fitting = new ArrayList<>();
    Map<String, Long> costs = new HashMap<>(); // of what the batch changes
    long after = liveBytes;
    long taken = 0;
    for (Waiting each : batch) {
      reservedBytes -= each.release;
      Map<String, Long> changed = new HashMap<>();
      long grown = after;
      for (StateChange change : each.changes) {
        long cost = cost(change.key(), change.value());
        Long before = changed.put(change.key(), cost);
        if (before == null) {
          before = costs.getOrDefault(change.key(), cost(change.key(), records.get(change.key())));
        }
        grown += cost - before;
      }
      StateException why = broken;
      if (why == null && !each.promised && grown > MAX_TOTAL_BYTES && grown > after) {
        why = tooMany(after);
      }
      if (why == null && !each.promised) { // nor may it take what others were promised
        why = findRoom(reservedBytes + taken + OVERHEAD_BYTES + each.bytes());
      }
      if (why == null) {
        fitting.add(each);
        costs.putAll(changed);
        after = grown;
        taken += each.bytes();
      } else {
        each.done.completeExceptionally(why);
      }
    }
    if (!fitting.isEmpty()) {
      writeDown(fitting, after);
    }
  }

  private void writeDown(List<Waiting> batch, long bytesAfter) {
    List<StateChange> changes = batch.stream().flatMap(each -> each.changes.stream()).toList();
    try {
      if (!changes.isEmpty()) {
        directory.append(StateFormat.batch(changes, nextSequence));
        nextSequence++;
      }
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
    for (StateChange change : changes) {
      byte[] value = change.value();
      if (value == null) {
        records.remove(change.key());
      } else {
        records.put(change.key(), value);
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
      directory.replace(records, nextSequence, reservedBytes);
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
