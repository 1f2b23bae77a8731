package io.millrace.server.metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import io.millrace.server.metrics.Exposition.Family;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;

/** The JVM and the process, under the names that Prometheus' own client for Java has for them. */
final class JvmFamilies {
  private static final double NANO = 1e-9;
  private static final double MILLI = 1e-3;

  private final Exposition page;

  private JvmFamilies(Exposition page) {
    this.page = page;
  }

  static void add(Exposition page) {
    JvmFamilies families = new JvmFamilies(page);
    families.memory();
    families.pools();
    families.collections();
    families.safepoints();
    families.threads();
    families.process();
  }

  private void memory() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    usage(memory.getHeapMemoryUsage(), "heap");
    usage(memory.getNonHeapMemoryUsage(), "nonheap");
    Family direct = page.gauge("jvm_buffer_pool_used_bytes", "Memory of a pool of buffers.");
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      direct.add(pool.getMemoryUsed(), "pool", pool.getName());
    }
  }

  private void usage(MemoryUsage usage, String area) {
    page.gauge("jvm_memory_used_bytes", "Memory in use.").add(usage.getUsed(), "area", area);
    page.gauge("jvm_memory_committed_bytes", "Memory that the JVM has from the system.")
        .add(usage.getCommitted(), "area", area);
    page.gauge("jvm_memory_max_bytes", "Most that it may have; -1 for no limit.")
        .add(usage.getMax(), "area", area);
  }

  private void pools() {
    Family used = page.gauge("jvm_memory_pool_used_bytes", "Memory in use, by pool.");
    Family kept =
        page.gauge(
            "jvm_memory_pool_collection_used_bytes",
            "Memory that was still in use after the pool's last collection.");
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      used.add(pool.getUsage().getUsed(), "pool", pool.getName());
      MemoryUsage collected = pool.getCollectionUsage();
      if (pool.getType() == MemoryType.HEAP && collected != null) {
        kept.add(collected.getUsed(), "pool", pool.getName());
      }
    }
  }

  /** The collector of the distribution, Serial, stops everything: its times are pauses. */
  private void collections() {
    Family pauses =
        page.summary("jvm_gc_collection_seconds", "Pauses for garbage collection, by collector.");
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      pauses.part("_count", collector.getCollectionCount(), "gc", collector.getName());
      pauses.part("_sum", collector.getCollectionTime() * MILLI, "gc", collector.getName());
    }
  }

  private void safepoints() {
    Family count =
        page.counter("jvm_safepoints_total", "Times that all Java threads were stopped.");
    Family seconds =
        page.counter("jvm_safepoint_seconds_total", "Time that they stood still, collections too.");
    Family stopping =
        page.counter("jvm_safepoint_sync_seconds_total", "Part of that until the last one stood.");
    Safepoints.Totals totals = Safepoints.totals();
    if (totals != null) {
      count.add(totals.count());
      seconds.add(totals.millis() * MILLI);
      stopping.add(totals.syncMillis() * MILLI);
    }
  }

  private void threads() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    page.gauge("jvm_threads_current", "Threads of the JVM.").add(threads.getThreadCount());
    page.gauge("jvm_classes_currently_loaded", "Classes that are loaded.")
        .add(ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
  }

  private void process() {
    UnixOperatingSystemMXBean system =
        ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
    page.counter("process_cpu_seconds_total", "Processor time of all threads; they poll.")
        .add(system.getProcessCpuTime() * NANO);
    page.gauge("process_open_fds", "Open file descriptors.")
        .add(system.getOpenFileDescriptorCount());
    page.gauge("process_max_fds", "Most of them that there may be.")
        .add(system.getMaxFileDescriptorCount());
    page.gauge("process_resident_memory_bytes", "Memory that is resident, guests' mapped one too.")
        .add(ResidentMemory.bytes());
    page.gauge("process_start_time_seconds", "When the process started, since the epoch.")
        .add(
            ManagementFactory.getRuntimeMXBean().getStartTime()
                / (double) TimeUnit.SECONDS.toMillis(1));
  }
}
