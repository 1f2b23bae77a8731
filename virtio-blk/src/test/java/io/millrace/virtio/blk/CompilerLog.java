package io.millrace.virtio.blk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What HotSpot's {@code -XX:+LogCompilation} tells of calls that the last compiler left calls. */
final class CompilerLog {
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)='([^']*)'");
  private static final String LAST_LEVEL = "4";

  /** A site that is reached less often than this is not in a loop that runs a million times. */
  private static final long RARE = 1000;

  /**
   * A call that stayed one.
   *
   * @param callee class and method, without the package of this project
   * @param reason the compiler's
   * @param count how often the interpreter saw it, -1 for unknown
   */
  record Call(String callee, String reason, long count) {
    /** Whether the compiler left it because it hardly ever happens. */
    boolean isCold() {
      return reason.equals("low call site frequency")
          || reason.equals("never executed")
          || reason.startsWith("unloaded signature")
          || (reason.equals("too big") && count < RARE);
    }
  }

  private final Map<String, Task> compiled = new HashMap<>(); // by method, its last compilation

  private CompilerLog() {}

  static CompilerLog read(Path file) throws IOException {
    CompilerLog log = new CompilerLog();
    Task task = null;
    for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
      String element = line.strip();
      if (element.startsWith("<task ")) {
        Map<String, String> of = attributes(element);
        task = isLast(of) ? new Task(of) : null;
      } else if (task != null && element.startsWith("</task")) {
        log.compiled.put(task.method, task);
        task = null;
      } else if (task != null) {
        task.element(element);
      }
    }
    return log;
  }

  /** Not one that enters a loop in its middle: that is used once, until the loop ends. */
  private static boolean isLast(Map<String, String> task) {
    return task.getOrDefault("level", LAST_LEVEL).equals(LAST_LEVEL)
        && !task.containsKey("osr_bci");
  }

  private static Map<String, String> attributes(String element) {
    Map<String, String> all = new HashMap<>();
    Matcher matcher = ATTRIBUTE.matcher(element);
    while (matcher.find()) {
      all.put(matcher.group(1), matcher.group(2));
    }
    return all;
  }

  private static String shortName(String holder, String method) {
    return holder.substring(holder.lastIndexOf('.') + 1) + "." + method;
  }

  /**
   * What is compiled below a method.
   *
   * @param methods of this project, those that are inlined and those that are pieces of their own
   * @param otherCalls of methods that are no pieces, but for cold ones
   */
  record Tree(Set<String> methods, List<Call> otherCalls) {}

  /**
   * Follows the calls from a root.
   *
   * @param root class and method, such as {@code PollSet.round}
   * @param pieces that may be called, however often the compiler thinks that they are
   */
  Tree from(String root, Set<String> pieces) {
    Tree tree = new Tree(new HashSet<>(), new ArrayList<>());
    Deque<String> next = new ArrayDeque<>(List.of(root));
    while (!next.isEmpty()) {
      String method = next.pop();
      Task task = compiled.get(method);
      if (task != null && tree.methods.add(method)) {
        tree.methods.addAll(task.inlined);
        for (Call call : task.calls) {
          if (pieces.contains(call.callee)) {
            next.push(call.callee);
          } else if (!call.isCold()) {
            tree.otherCalls.add(call);
          }
        }
      }
    }
    return tree;
  }

  /** One compilation. */
  private static final class Task {
    private final String method;
    private final List<Call> calls = new ArrayList<>();
    private final Set<String> inlined = new HashSet<>();
    private final Map<String, String> classes = new HashMap<>();
    private final Map<String, String> methods = new HashMap<>();
    private Map<String, String> site = Map.of();

    Task(Map<String, String> attributes) {
      String[] words = attributes.getOrDefault("method", "? ?").split(" ", -1);
      method = shortName(words[0], words[1]);
    }

    void element(String element) {
      int end = element.indexOf(' ');
      Map<String, String> of = attributes(element);
      switch (end < 0 ? element : element.substring(0, end)) {
        case "<klass" -> classes.put(of.get("id"), of.get("name"));
        case "<method" -> {
          String holder = classes.getOrDefault(of.get("holder"), "");
          if (holder.startsWith("io.millrace.")) {
            methods.put(of.get("id"), shortName(holder, of.get("name")));
          }
        }
        case "<call" -> site = of;
        case "<inline_success" -> callee().ifPresent(inlined::add);
        case "<inline_fail" -> {
          long count = Long.parseLong(site.getOrDefault("count", "-1"));
          callee()
              .ifPresent(
                  callee -> calls.add(new Call(callee, of.getOrDefault("reason", ""), count)));
        }
        default -> {}
      }
    }

    /** Of this project's methods, the one that is called at the site. */
    private Optional<String> callee() {
      return Optional.ofNullable(methods.get(site.get("method")));
    }
  }
}
