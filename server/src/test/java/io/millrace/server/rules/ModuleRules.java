package io.millrace.server.rules;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Who may know whom (DESIGN: Rooms), as functions from a class to what it does wrong. */
final class ModuleRules {
  /** The folders of the modules, each with those it builds on; what these know it may know too. */
  static final Map<String, List<String>> KNOWS = knows();

  /** Modules that are no part of the product, and have nothing that it could know. */
  static final Set<String> OUTSIDE = Set.of("simulation", "vm-tests", "benchmarks");

  /** What {@code rpc} stands on, which so cannot bring methods of its own. */
  private static final Set<String> BELOW_RPC = Set.of("linux", "reactor");

  private static final String LINKER = "java.lang.foreign.Linker";
  private static final String SEGMENT = "java.lang.foreign.MemorySegment";
  private static final String RAW_MEMORY = "io.millrace.linux.RawMemory";

  private ModuleRules() {}

  private static Map<String, List<String>> knows() {
    Map<String, List<String>> knows = new LinkedHashMap<>();
    knows.put("linux", List.of());
    knows.put("reactor", List.of("linux"));
    knows.put("rpc", List.of("reactor"));
    knows.put("bdev", List.of("reactor"));
    knows.put("nvme", List.of("bdev"));
    knows.put("scsi", List.of("bdev"));
    knows.put("live-migration", List.of("linux"));
    knows.put("virtqueue", List.of("live-migration"));
    knows.put("vhost-user", List.of("reactor", "virtqueue"));
    knows.put("virtio-blk", List.of("vhost-user", "bdev"));
    knows.put("virtio-scsi", List.of("vhost-user", "scsi"));
    knows.put("initiator", List.of("vhost-user", "bdev"));
    knows.put("server", List.of("virtio-blk", "virtio-scsi", "initiator", "nvme", "rpc"));
    return knows;
  }

  /** The base package of a module: {@code io.millrace.vhost.user} of {@code vhost-user}. */
  static String basePackage(String module) {
    return "io.millrace." + module.replace('-', '.');
  }

  /** The module that a package belongs to; null when it is none of ours. */
  static @Nullable String moduleOf(String packageName) {
    for (String module : KNOWS.keySet()) {
      String base = basePackage(module);
      if (packageName.equals(base) || packageName.startsWith(base + ".")) {
        return module;
      }
    }
    return null;
  }

  /** All that {@code module} may use: itself, what it knows and what that knows, and rpc. */
  static Set<String> mayUse(String module) {
    Set<String> all = new TreeSet<>(Set.of(module));
    for (String known : KNOWS.getOrDefault(module, List.of())) {
      all.addAll(mayUse(known));
    }
    if (!BELOW_RPC.contains(module)) {
      all.add("rpc");
      all.add("reactor");
      all.add("linux");
    }
    return all;
  }

  /** What {@code type}, compiled in {@code module}, does against the rules. */
  static List<String> violations(String module, JavaClass type) {
    List<String> found = new ArrayList<>();
    if (!module.equals(moduleOf(type.getPackageName()))) {
      found.add(type.getName() + " lies in module " + module + ", outside " + basePackage(module));
    }
    Set<String> mayUse = mayUse(module);
    for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
      JavaClass target = dependency.getTargetClass();
      String other = moduleOf(target.getPackageName());
      if (other != null && !mayUse.contains(other)) {
        found.add(dependency.getDescription() + ": " + module + " may not know " + other);
      }
      if (other != null
          && !other.equals(module)
          && (target.getPackageName() + ".").contains(".internal.")) {
        found.add(dependency.getDescription() + ": internal to " + other);
      }
      if (!module.equals("linux") && target.getName().startsWith(LINKER)) {
        found.add(dependency.getDescription() + ": native calls are made in linux only");
      }
    }
    reinterpretations(type, found);
    return found;
  }

  private static void reinterpretations(JavaClass type, List<String> found) {
    if (type.getName().equals(RAW_MEMORY)) {
      return;
    }
    type.getMethodCallsFromSelf().stream()
        .filter(call -> call.getName().equals("reinterpret"))
        .filter(call -> call.getTargetOwner().getName().equals(SEGMENT))
        .forEach(call -> found.add(call.getDescription() + ": only RawMemory reinterprets"));
  }
}
