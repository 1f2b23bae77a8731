package io.millrace.nvme;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The namespaces of a controller as they were last seen. Home reactor. */
final class Namespaces {
  private static final Logger LOG = LoggerFactory.getLogger(Namespaces.class);

  private final String name;
  private final NamespaceScan scan;
  private final ControllerListener listener;
  private final Map<Integer, NamespaceData> known = new TreeMap<>();
  private @Nullable CompletableFuture<@Nullable Void> running;
  private boolean again;

  Namespaces(String name, NamespaceScan scan, ControllerListener listener) {
    this.name = name;
    this.scan = scan;
    this.listener = listener;
  }

  Collection<NamespaceData> all() {
    return List.copyOf(known.values());
  }

  /** Looks anew, and tells the listener what changed. A look that is asked for amid one follows. */
  CompletableFuture<@Nullable Void> refresh(int highest) {
    CompletableFuture<@Nullable Void> current = running;
    if (current != null) {
      again = true;
      return current;
    }
    CompletableFuture<@Nullable Void> done =
        scan.all(highest)
            .thenAccept(this::compare)
            .whenComplete((ok, e) -> running = null)
            .thenCompose(ok -> {
              boolean once = again;
              again = false;
              return once ? refresh(highest) : BringUp.done();
            });
    running = done.isDone() ? null : done;
    return done;
  }

  private void compare(List<NamespaceData> found) {
    Map<Integer, NamespaceData> gone = new HashMap<>(known);
    found.forEach(namespace -> gone.remove(namespace.nsid()));
    gone.keySet().forEach(this::remove);
    for (NamespaceData now : found) {
      NamespaceData before = known.get(now.nsid());
      if (before == null) {
        add(now);
      } else if (!now.isSameButForSize(before)) {
        remove(now.nsid());
        add(now);
      } else if (now.blockCount() != before.blockCount()) {
        LOG.info("{}: namespace {} has {} blocks now", name, now.nsid(), now.blockCount());
        known.put(now.nsid(), now);
        listener.namespaceResized(now);
      }
    }
  }

  private void add(NamespaceData namespace) {
    known.put(namespace.nsid(), namespace);
    listener.namespaceAdded(namespace);
  }

  private void remove(int nsid) {
    LOG.info("{}: namespace {} is gone", name, nsid);
    known.remove(nsid);
    listener.namespaceRemoved(nsid);
  }
}
