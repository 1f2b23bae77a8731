package io.millrace.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What has been configured, as the calls that would configure it again, in an order in which they
 * can be made. Handlers record here what they did; whoever saves a configuration or keeps it over a
 * crash reads here, so the two cannot differ. Control thread.
 *
 * <p>Each entry has an id, a path such as {@code bdev/Malloc0}: what is set on a thing is recorded
 * below it ({@code bdev/Malloc0/qos}), and goes when the thing does. {@link #id} makes one of names
 * that may hold anything.
 */
public final class Configuration {
  /**
   * One call.
   *
   * @param subsystem SPDK's name of the subsystem that it configures, {@code bdev} for example
   * @param id what it configures; unique among all entries
   * @param params what it is called with, names and UUIDs that were made up included; null for a
   *     method without parameters
   */
  public record Entry(String subsystem, String id, String method, @Nullable ObjectNode params) {}

  /** Is told of each change, on the control thread. */
  public interface Listener {
    /**
     * An entry is new, or has another call than before.
     *
     * @param order its place among the entries: ascending, the same for as long as the id is there
     */
    void put(long order, Entry entry);

    /** An entry is gone. */
    void removed(long order, Entry entry);
  }

  /** Where the order of those begins that come after all others. */
  private static final long LAST = 1L << 62;

  private final TreeMap<Long, Entry> entries = new TreeMap<>();
  private final TreeMap<String, Long> ids = new TreeMap<>();
  private final List<Listener> listeners = new ArrayList<>();
  private long nextOrder;
  private long nextLastOrder = LAST;
  private boolean sealed;

  /** Nothing is configured. */
  public Configuration() {}

  /**
   * The id of a thing, or of what is set on it: a slash in a name does not divide it.
   *
   * @param kind such as {@code bdev}; the first part
   * @param names the others
   */
  public static String id(String kind, String... names) {
    StringBuilder id = new StringBuilder(kind);
    for (String name : names) {
      id.append('/').append(name.replace("%", "%25").replace("/", "%2F"));
    }
    return id.toString();
  }

  /** Tells of each entry, in their order, as if it had just been put. */
  public void tell(Listener listener) {
    entries.forEach(listener::put);
  }

  /** Whether a place is behind those of all that is not to come last. */
  public static boolean isLast(long order) {
    return order >= LAST;
  }

  /** Starts telling {@code listener} of changes; of what is there now it is not told. */
  public void addListener(Listener listener) {
    listeners.add(Objects.requireNonNull(listener));
  }

  /**
   * Records a call. One that is recorded under this id already is replaced and keeps its place; a
   * call that is recorded so already is no change.
   *
   * @param params copied
   */
  public void put(String subsystem, String id, String method, @Nullable ObjectNode params) {
    put(subsystem, id, method, params, false);
  }

  /**
   * Records a call that is to be made after all others, those that are yet to be recorded too: one
   * that lets users come to what the others make.
   *
   * @param params copied
   */
  public void putLast(String subsystem, String id, String method, @Nullable ObjectNode params) {
    put(subsystem, id, method, params, true);
  }

  private void put(
      String subsystem, String id, String method, @Nullable ObjectNode params, boolean last) {
    if (sealed) {
      return;
    }
    Entry entry = new Entry(subsystem, id, method, params == null ? null : params.deepCopy());
    Long order = ids.get(id);
    if (order == null) {
      order = last ? nextLastOrder++ : nextOrder++;
      ids.put(id, order);
    }
    Entry before = entries.put(order, entry);
    if (before == null || !before.equals(entry)) {
      for (Listener listener : listeners) {
        listener.put(order, entry);
      }
    }
  }

  /** Forgets an entry, if there is one, and all below it. */
  public void remove(String id) {
    if (sealed) {
      return;
    }
    List<String> gone = new ArrayList<>(ids.subMap(id + "/", id + "0").keySet());
    gone.add(id);
    for (String each : gone) {
      Long order = ids.remove(each);
      Entry entry = order == null ? null : entries.remove(order);
      if (order != null && entry != null) {
        listeners.forEach(listener -> listener.removed(order, entry));
      }
    }
  }

  /** From here on nothing changes it: what goes because the server ends stays configured. */
  public void seal() {
    sealed = true;
  }

  /** The entry of that id. */
  public Optional<Entry> find(String id) {
    return Optional.ofNullable(ids.get(id)).map(entries::get);
  }

  /** All entries, in their order; as they are now. */
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }
}
