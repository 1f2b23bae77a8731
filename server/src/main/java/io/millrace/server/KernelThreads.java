package io.millrace.server;

import io.millrace.linux.Cpu;
import io.millrace.reactor.Reactor;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The kernel's numbers of reactors' threads, under which its tools and files know them. */
final class KernelThreads {
  private final Map<Reactor, Integer> ids = new ConcurrentHashMap<>();

  /** Asks each reactor for its own; it answers between two rounds. */
  KernelThreads(Collection<Reactor> reactors) {
    for (Reactor reactor : reactors) {
      reactor.execute(() -> ids.put(reactor, Cpu.threadId()));
    }
  }

  /** A reactor's; 0 as long as it has not answered. Any thread. */
  int of(Reactor reactor) {
    return ids.getOrDefault(reactor, 0);
  }
}
