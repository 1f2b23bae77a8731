package io.millrace.initiator.perf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file of {@code --verify-state}: what each job wrote, kept from run to run. Written before a
 * pass begins and when it has ended, so that after a kill it still tells what can be. Jobs'
 * threads, between passes.
 */
final class VerifyJournal {
  private static final String FORMAT = "millrace perf verify state";
  private static final int VERSION = 1;
  private static final int MAX_BYTES = 64 << 20;
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final @Nullable Path file;
  private final List<@Nullable VerifyState> states = new ArrayList<>();

  private VerifyJournal(@Nullable Path file) {
    this.file = file;
  }

  /** A journal that is kept nowhere. */
  static VerifyJournal none(int jobs) {
    VerifyJournal journal = new VerifyJournal(null);
    journal.grow(jobs);
    return journal;
  }

  /**
   * Opens a journal, empty when there is no such file yet.
   *
   * @throws IOException in one line, when the file is something else
   */
  static VerifyJournal open(Path file, int jobs) throws IOException {
    VerifyJournal journal = new VerifyJournal(file);
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isWritable(folder)) {
      throw new IOException("--verify-state " + file + " cannot be made there");
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("it is too large");
      }
      journal.read(MAPPER.readTree(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      // The first run of this name.
      journal.grow(jobs);
      return journal;
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IOException(
          file + ": is no verify state of millrace perf; give another --verify-state", e);
    } catch (IOException e) {
      throw new IOException(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (journal.states.size() != jobs) {
      throw new IOException(
          "%s: is of a run with --numjobs=%d; run it like that, or with another --verify-state"
              .formatted(file, journal.states.size()));
    }
    return journal;
  }

  private void grow(int jobs) {
    while (states.size() < jobs) {
      states.add(null);
    }
  }

  /** What is known of a job's part; null for nothing. */
  synchronized @Nullable VerifyState get(int job) {
    return states.get(job);
  }

  /** Keeps what is known of a job's part. */
  synchronized void put(int job, VerifyState state) throws IOException {
    states.set(job, state);
    if (file == null) {
      return;
    }
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(next, text());
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new IOException("--verify-state " + file + " cannot be written: " + e, e);
    }
  }

  private String text() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format", FORMAT);
    root.put("version", VERSION);
    ArrayNode jobs = root.putArray("jobs");
    for (VerifyState state : states) {
      if (state == null) {
        jobs.addNull();
        continue;
      }
      ObjectNode node = jobs.addObject();
      node.put("rw", state.rw().word());
      node.put("bs", state.blockBytes());
      node.put("rwmixread", state.readPercent());
      node.put("offset", state.startBytes());
      node.put("size", state.lengthBytes());
      node.put("pass", state.pass());
      node.put("generation", state.generation());
      node.put("open", state.open());
      node.put("written", state.written());
      ArrayNode interrupted = node.putArray("interrupted");
      state.interrupted().forEach(interrupted::add);
      node.put("oldest", state.oldest());
      node.put("newest", state.newest());
    }
    return root.toPrettyString() + "\n";
  }

  private void read(JsonNode root) {
    if (!root.path("format").asString("").equals(FORMAT)
        || root.path("version").asInt(0) != VERSION
        || root.path("jobs").size() > PerfOptions.MAX_JOBS) {
      throw new IllegalArgumentException();
    }
    for (JsonNode node : root.path("jobs")) {
      states.add(node.isNull() ? null : state(node));
    }
  }

  private static VerifyState state(JsonNode node) {
    List<Long> interrupted = new ArrayList<>();
    node.path("interrupted").forEach(place -> interrupted.add(place.asLong(-1)));
    return new VerifyState(
        ReadWrite.of(node.path("rw").asString("")).orElseThrow(IllegalArgumentException::new),
        (int) number(node, "bs", VerifyStamp.SECTOR, PerfOptions.MAX_BLOCK_BYTES),
        (int) number(node, "rwmixread", 0, 100),
        number(node, "offset", 0, Long.MAX_VALUE),
        number(node, "size", VerifyStamp.SECTOR, Long.MAX_VALUE),
        number(node, "pass", 0, Long.MAX_VALUE),
        number(node, "generation", 1, Long.MAX_VALUE),
        node.path("open").asBoolean(true),
        number(node, "written", 0, Long.MAX_VALUE),
        interrupted,
        number(node, "oldest", 0, Long.MAX_VALUE),
        number(node, "newest", 0, Long.MAX_VALUE));
  }

  private static long number(JsonNode node, String name, long least, long most) {
    long value = node.path(name).asLong(-1);
    if (value < least || value > most) {
      throw new IllegalArgumentException(name);
    }
    return value;
  }
}
