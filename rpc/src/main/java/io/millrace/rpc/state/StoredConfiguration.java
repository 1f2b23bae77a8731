package io.millrace.rpc.state;

import io.millrace.rpc.Configuration;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;

/** The configuration in a state directory, without a server. Each method waits for the disk. */
public final class StoredConfiguration {
  private StoredConfiguration() {}

  /**
   * What the directory has, in the order in which it was made; a server may be using it.
   *
   * @throws StateException there is no state, or it cannot be used
   */
  public static List<Configuration.Entry> read(Path directory) throws StateException {
    return List.copyOf(ConfigurationRecords.decode(directory, StateStore.peek(directory)).values());
  }

  /**
   * Drops entries and what is below them from a directory that no server uses.
   *
   * @return the ids of what was dropped
   * @throws StateException it is in use, has no state or no such entry, or cannot be written
   */
  public static List<String> forget(Path directory, Set<String> ids) throws StateException {
    return change(
        directory,
        entries -> {
          Set<String> unknown = new TreeSet<>(ids);
          entries.values().forEach(entry -> unknown.remove(entry.id()));
          if (!unknown.isEmpty()) {
            throw new StateException(
                "%s: has no entry %s; millrace state show --ids lists them"
                    .formatted(directory, String.join(", ", unknown)));
          }
          entries.values().removeIf(entry -> !isOrIsBelow(entry.id(), ids));
          return entries.keySet();
        });
  }

  private static boolean isOrIsBelow(String id, Set<String> ids) {
    return ids.stream().anyMatch(each -> id.equals(each) || id.startsWith(each + "/"));
  }

  /** Drops the whole configuration, so that it is as if there had never been one. */
  public static List<String> forgetAll(Path directory) throws StateException {
    return change(
        directory,
        entries -> {
          Set<String> keys = new TreeSet<>(entries.keySet());
          keys.add(ConfigurationRecords.MARK);
          return keys;
        });
  }

  /** Which keys are to go. */
  @FunctionalInterface
  private interface Choice {
    Set<String> of(Map<String, Configuration.Entry> entries) throws StateException;
  }

  private static List<String> change(Path directory, Choice choice) throws StateException {
    StateStore.peek(directory); // so that one that was misspelt is not made
    try (StateStore store = StateStore.open(directory)) {
      Map<String, Configuration.Entry> entries =
          ConfigurationRecords.decode(directory, store.records());
      Set<String> keys = choice.of(new LinkedHashMap<>(entries));
      store.commit(keys.stream().map(StateChange::remove).toList(), 0).toCompletableFuture().join();
      entries.keySet().retainAll(keys);
      return entries.values().stream().map(Configuration.Entry::id).toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StateException known
          ? known
          : new StateException(directory + ": " + e.getMessage(), e);
    }
  }
}
