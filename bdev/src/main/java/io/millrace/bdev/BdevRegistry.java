package io.millrace.bdev;

import io.millrace.bdev.BdevException.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All bdevs of the process by name and UUID, their openings and claims. Control thread only.
 *
 * <p>Any number of users may open a bdev for writing, as several front-ends share a disk. A module
 * that stacks its own bdev on one <em>claims</em> it, and then nobody else writes to it.
 */
public final class BdevRegistry {
  private static final class Entry {
    final Bdev bdev;
    final List<BdevDescriptor> openings = new ArrayList<>();
    @Nullable String claimedBy;
    @Nullable BdevDescriptor claimer;
    @Nullable CompletableFuture<@Nullable Void> removal;

    Entry(Bdev bdev) {
      this.bdev = bdev;
    }
  }

  private final Map<String, Entry> byName = new LinkedHashMap<>();
  private final Examination examination = new Examination();
  private final List<BdevWatcher> watchers = new ArrayList<>();
  private final MemoryRegistry memory = new MemoryRegistry();

  /** A registry of no bdevs. */
  public BdevRegistry() {}

  /** The memory that requests may point at, for modules that have to prepare it. */
  public MemoryRegistry memory() {
    return memory;
  }

  /**
   * Has every bdev looked at that is registered from now on, before anybody else can open it: a
   * module that waits for a base to stack on finds it here. Throws nothing. {@link #examineEvery}
   * may have left some out.
   */
  public void addExaminer(Consumer<Bdev> examiner) {
    examination.add(examiner);
  }

  /** Has every bdev looked at from now on, or only those of {@link #examine}. */
  public void examineEvery(boolean every) {
    examination.automatic(every);
  }

  /**
   * Has a bdev looked at, now or once it is registered, where not every one is.
   *
   * @param name its name or UUID; there need not be one yet
   * @throws BdevException INVALID where every bdev is looked at, EXISTS for a name that was given
   */
  public void examine(String name) throws BdevException {
    examination.allow(name);
    Entry entry = find(name);
    if (entry != null) {
      examination.examine(entry.bdev);
    }
  }

  /** Has somebody told of all bdevs from now on. */
  public void addWatcher(BdevWatcher watcher) {
    watchers.add(watcher);
  }

  /** Refuses a name or UUID that a bdev has. */
  public void requireFree(String name) throws BdevException {
    if (find(name) != null) {
      throw new BdevException(Kind.EXISTS, "bdev " + name + ": that name or UUID is taken");
    }
  }

  /** Makes a bdev known and takes it over: one that is refused is destroyed. */
  public void register(Bdev bdev) throws BdevException {
    String uuid = bdev.properties().uuid().toString();
    for (String name : List.of(bdev.name(), uuid)) {
      if (find(name) != null) {
        bdev.destroy();
        throw new BdevException(
            Kind.EXISTS, "bdev " + bdev.name() + ": the name or UUID " + name + " is taken");
      }
    }
    byName.put(bdev.name(), new Entry(bdev));
    MemoryListener listener = bdev.memoryListener();
    if (listener != null) {
      memory.addListener(listener);
    }
    watchers.forEach(watcher -> watcher.registered(bdev));
    examination.registered(bdev);
  }

  /** Destroys a bdev that was made but never registered. Any thread. */
  public static void discard(Bdev bdev) {
    bdev.destroy();
  }

  /** All bdevs, oldest first. */
  public Collection<Bdev> all() {
    return byName.values().stream().map(entry -> entry.bdev).toList();
  }

  /**
   * The bdev of a name.
   *
   * @param name its name or UUID
   */
  public Bdev get(String name) throws BdevException {
    return entry(name).bdev;
  }

  /**
   * Opens a bdev.
   *
   * @param name its name or UUID
   * @param writable whether the opener will write
   * @param listener told when it changes or goes away
   */
  public BdevDescriptor open(String name, boolean writable, BdevListener listener)
      throws BdevException {
    Entry entry = entry(name);
    if (entry.removal != null) {
      throw new BdevException(Kind.NOT_FOUND, "bdev " + name + " is being removed");
    }
    if (writable && !entry.bdev.properties().writable()) {
      throw new BdevException(
          Kind.READ_ONLY, "bdev " + name + " is read-only; open it read-only, or make it writable");
    }
    if (writable && entry.claimedBy != null) {
      throw claimed(entry);
    }
    BdevDescriptor opening = new BdevDescriptor(this, entry.bdev, writable, listener);
    entry.openings.add(opening);
    return opening;
  }

  /**
   * Keeps a bdev for one module alone: nobody else may have it open for writing, or open it so.
   *
   * @param opening the claimer's own
   * @param module for messages and {@code bdev_get_bdevs}
   */
  public void claim(BdevDescriptor opening, String module) throws BdevException {
    Entry entry = entry(opening.bdev().name());
    if (entry.claimedBy != null) {
      throw claimed(entry);
    }
    for (BdevDescriptor other : entry.openings) {
      if (other != opening && other.isWritable()) {
        throw new BdevException(
            Kind.BUSY, "bdev " + entry.bdev.name() + " is open for writing elsewhere");
      }
    }
    entry.claimedBy = module;
    entry.claimer = opening;
  }

  /**
   * Gives a claim back; closing the opening does as well.
   *
   * @param opening the claimer's; nobody else's releases anything
   */
  public void release(BdevDescriptor opening) {
    Entry entry = byName.get(opening.bdev().name());
    if (entry != null && entry.claimer == opening) {
      entry.claimedBy = null;
      entry.claimer = null;
    }
  }

  private static BdevException claimed(Entry entry) {
    return new BdevException(
        Kind.CLAIMED,
        "bdev "
            + entry.bdev.name()
            + " is claimed by "
            + entry.claimedBy
            + "; use what stands on it, or remove that first");
  }

  /** Whether a module keeps the bdev to itself. */
  public boolean isClaimed(Bdev bdev) {
    Entry entry = byName.get(bdev.name());
    return entry != null && entry.claimedBy != null;
  }

  /** For modules: the bdev has another size; tells its openers. */
  public void resized(Bdev bdev) {
    Entry entry = byName.get(bdev.name());
    if (entry != null) {
      for (BdevDescriptor opening : List.copyOf(entry.openings)) {
        opening.listener().resized();
      }
      watchers.forEach(watcher -> watcher.resized(bdev));
    }
  }

  /**
   * Removes a bdev: tells its openers, and destroys it when the last of them has let go. A module
   * stacked on it is told as every opener is, and removes its own bdev first.
   *
   * @param name its name or UUID
   * @return complete when the bdev is gone; the name is free then
   */
  public CompletionStage<@Nullable Void> remove(String name) throws BdevException {
    return remove(entry(name));
  }

  /**
   * Removes every bdev.
   *
   * @return complete when none of them is left
   */
  public CompletionStage<@Nullable Void> removeAll() {
    List<CompletableFuture<?>> removals = new ArrayList<>();
    for (Entry entry : List.copyOf(byName.values())) {
      if (byName.containsValue(entry)) { // else it has gone with its base
        removals.add(remove(entry));
      }
    }
    return CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new))
        .thenApply(all -> null);
  }

  private CompletableFuture<@Nullable Void> remove(Entry entry) {
    CompletableFuture<@Nullable Void> removal = entry.removal;
    if (removal == null) {
      removal = new CompletableFuture<>();
      entry.removal = removal;
      entry.bdev.removing();
      for (BdevDescriptor opening : List.copyOf(entry.openings)) {
        opening.listener().removed();
      }
      destroyIfUnused(entry);
    }
    return removal;
  }

  void closed(BdevDescriptor opening) {
    release(opening);
    Entry entry = byName.get(opening.bdev().name());
    if (entry != null && entry.openings.remove(opening)) {
      destroyIfUnused(entry);
    }
  }

  private void destroyIfUnused(Entry entry) {
    // Once: the last opener may have let go while it was told.
    if (entry.removal != null
        && entry.openings.isEmpty()
        && byName.remove(entry.bdev.name(), entry)) {
      MemoryListener listener = entry.bdev.memoryListener();
      if (listener != null) {
        memory.removeListener(listener);
      }
      entry.bdev.destroy();
      examination.unregistered(entry.bdev);
      watchers.forEach(watcher -> watcher.unregistered(entry.bdev));
      entry.removal.complete(null);
    }
  }

  private Entry entry(String name) throws BdevException {
    Entry entry = find(name);
    if (entry == null) {
      throw new BdevException(Kind.NOT_FOUND, "there is no bdev " + name);
    }
    return entry;
  }

  private @Nullable Entry find(String name) {
    Entry entry = byName.get(name);
    if (entry != null) {
      return entry;
    }
    for (Entry candidate : byName.values()) {
      if (candidate.bdev.properties().uuid().toString().equals(name)) {
        return candidate;
      }
    }
    return null;
  }
}
