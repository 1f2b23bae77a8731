package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.ConfigurationKeeper;
import io.millrace.rpc.RpcException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link Configuration} in a store, so that the next process has it: each change is durable
 * when the call that made it is answered, in the order in which the changes were made. Control
 * thread.
 *
 * <p>What the store has and the process could not make, as an image was missing, is
 * <em>failed</em>: it stays in the store, where it was, until it is made again, forgotten, or goes
 * with what it stands on.
 */
public final class ConfigurationJournal implements ConfigurationKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationJournal.class);

  /**
   * An entry that could not be made.
   *
   * @param problem why, on one line
   */
  public record Failed(Configuration.Entry entry, String problem) {}

  private final String name;
  private final StateStore store;
  private final Map<String, Configuration.Entry> stored; // by key, as it was found
  private final Map<String, String> keys = new TreeMap<>(); // by id, of what the store has
  private final Map<String, Failed> failed = new TreeMap<>(); // by id
  private List<StateChange> pending = new ArrayList<>();
  private boolean marked;
  private long nextNumber;
  private long nextLastNumber; // of those that are to be made after all others
  private final AtomicInteger calls = new AtomicInteger(); // from their reservation to their commit
  private volatile @Nullable String broken;

  private ConfigurationJournal(
      String name, StateStore store, Map<String, Configuration.Entry> stored)
      throws StateException {
    this.name = name;
    this.store = store;
    this.stored = stored;
    nextNumber = ConfigurationRecords.next(stored.keySet());
    nextLastNumber = ConfigurationRecords.nextLast(stored.keySet());
    this.marked = store.get(ConfigurationRecords.MARK).isPresent();
    stored.forEach((key, entry) -> keys.put(entry.id(), key));
  }

  /**
   * Reads what a store has; changes nothing.
   *
   * @param name of its directory, for messages
   * @param store stays the caller's; open as long as this is used
   * @throws StateException its configuration cannot be used
   */
  public static ConfigurationJournal of(String name, StateStore store) throws StateException {
    Map<String, Configuration.Entry> stored = ConfigurationRecords.decode(name, store.records());
    return new ConfigurationJournal(name, store, stored);
  }

  /** Whether the store has a configuration, be it an empty one. */
  public boolean hasConfiguration() {
    return marked;
  }

  /** Whether the store, when it was opened, had a call of this method. */
  public boolean stores(String method) {
    return stored.values().stream().anyMatch(entry -> entry.method().equals(method));
  }

  /** Its directory, for messages. */
  String name() {
    return name;
  }

  /** What the store had when it was opened, in the order in which it is to be made. */
  List<Configuration.Entry> stored() {
    return List.copyOf(stored.values());
  }

  /** What of the store could not be made, in the order of the ids. */
  public List<Failed> failed() {
    return List.copyOf(failed.values());
  }

  /** Whether an entry could not be made. */
  Optional<Failed> failed(String id) {
    return Optional.ofNullable(failed.get(id));
  }

  /** An entry of the store cannot be made. */
  void fail(Failed entry) {
    failed.put(entry.entry().id(), entry);
  }

  /**
   * Makes the store have what is configured now, in one step, and from then on every change.
   *
   * @param loop the control thread's, for later
   * @return complete when that is durable; or failed with {@link RpcException}
   */
  CompletionStage<@Nullable Void> follow(Configuration configuration, Executor loop) {
    Set<String> gone = new HashSet<>(keys.keySet());
    gone.removeAll(failed.keySet());
    configuration.tell(
        new Configuration.Listener() {
          @Override
          public void put(long order, Configuration.Entry entry) {
            gone.remove(entry.id());
            String key = keys.get(entry.id());
            if (key == null || !entry.equals(stored.get(key))) {
              ConfigurationJournal.this.put(order, entry);
            }
          }

          @Override
          public void removed(long order, Configuration.Entry entry) {
            throw new IllegalStateException(entry.id() + " is there");
          }
        });
    gone.forEach(this::remove);
    configuration.addListener(
        new Configuration.Listener() {
          @Override
          public void put(long order, Configuration.Entry entry) {
            changed(() -> ConfigurationJournal.this.put(order, entry), loop);
          }

          @Override
          public void removed(long order, Configuration.Entry entry) {
            changed(() -> removeWithThoseBelow(entry.id()), loop);
          }
        });
    return commit(0);
  }

  private void changed(Runnable change, Executor loop) {
    boolean first = pending.isEmpty();
    change.run();
    if (calls.get() == 0 && first && !pending.isEmpty()) { // no call made it, so none commits it
      loop.execute(() -> commit(0));
    }
  }

  private void put(long order, Configuration.Entry entry) {
    String id = entry.id();
    byte[] value = ConfigurationRecords.encode(entry);
    String key = keys.get(id);
    if (key != null && failed.remove(id) != null) {
      pending.add(StateChange.remove(key)); // it stands on what is there now: behind that
      key = null;
    }
    if (key == null) {
      key =
          Configuration.isLast(order)
              ? ConfigurationRecords.lastKey(nextLastNumber++)
              : ConfigurationRecords.key(nextNumber++);
      keys.put(id, key);
    }
    mark();
    pending.add(StateChange.put(key, value));
  }

  private void mark() {
    if (!marked) {
      marked = true;
      pending.add(StateChange.put(ConfigurationRecords.MARK, ConfigurationRecords.mark()));
    }
  }

  private void removeWithThoseBelow(String id) {
    for (String each : List.copyOf(failed.keySet())) {
      if (each.startsWith(id + "/")) {
        remove(each);
      }
    }
    remove(id);
  }

  private void remove(String id) {
    failed.remove(id);
    String key = keys.remove(id);
    if (key != null) {
      pending.add(StateChange.remove(key));
    }
  }

  /**
   * Forgets an entry that could not be made, and those below it that could not either.
   *
   * @return false when there is none
   */
  boolean forget(String id) {
    boolean known = failed.containsKey(id);
    if (known) {
      removeWithThoseBelow(id);
    }
    return known;
  }

  @Override
  public CompletionStage<@Nullable Void> reserve(long bytes) {
    String why = broken;
    if (why != null) {
      return CompletableFuture.failedStage(RpcException.of(Errno.EIO, why));
    }
    calls.incrementAndGet();
    return store
        .reserve(Math.min(bytes, StateStore.MAX_VALUE_BYTES))
        .exceptionallyCompose(t -> {
          calls.decrementAndGet();
          return CompletableFuture.failedStage(refused(cause(t)));
        });
  }

  @Override
  public CompletionStage<@Nullable Void> commit(long reserved) {
    if (reserved > 0) {
      calls.decrementAndGet();
    }
    List<StateChange> changes = pending;
    pending = new ArrayList<>();
    return store
        .commit(changes, Math.min(reserved, StateStore.MAX_VALUE_BYTES))
        .handle((ignored, failure) -> failure == null ? null : cause(failure))
        .thenCompose(this::committed);
  }

  /**
   * On the store's thread, which does one commit after the other: one that failed fails the next.
   */
  private CompletionStage<@Nullable Void> committed(@Nullable Throwable failure) {
    if (failure != null && broken == null) {
      broken =
          "%s; the configuration is not what will be there after a restart, and no change is taken until then"
              .formatted(failure.getMessage());
      LOG.error("{}", broken);
    }
    String why = broken;
    return why == null
        ? CompletableFuture.completedStage(null)
        : CompletableFuture.failedStage(RpcException.of(Errno.EIO, "it was done, but " + why));
  }

  private static RpcException refused(Throwable failure) {
    Errno errno = failure instanceof StateException known ? known.errno() : Errno.EIO;
    return RpcException.of(
        errno == Errno.UNKNOWN ? Errno.EIO : errno, failure.getMessage() + "; nothing was changed");
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
