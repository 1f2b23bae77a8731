package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The poll loop is compiled in a few pieces, and nothing else of ours is called in it. Read from
 * the compiler's log of a process under load, with the compiler's options of the distribution.
 */
@Timeout(120)
class CompiledPathTest {
  private static final Path COMPILER = Path.of("..", "server", "src", "dist", "compiler");
  private static final String ROOT = "Reactor.guardedRound";

  /**
   * One call of each a round; of {@code take} and, where a chain wants it, others one a request.
   */
  private static final Set<String> PIECES =
      Set.of(
          "PollSet.round",
          "PollSet.poll",
          "VringWorker.poll",
          "VringWorker.linger",
          "DeviceQueue.fetchBatch",
          "SplitWalk.isPlain",
          "SplitWalk.step",
          "PackedTable.walk",
          "ExpectedChain.touch",
          "VringWorker.fetchStretch",
          "VringWorker.showDone",
          "BlkQueue.take",
          "BlkQueue.submitTaken",
          "DeferredWork.run",
          "Guard.endOfRound",
          "VringWorker.endOfRound",
          "VringWorker.respond",
          "BlkQueue.respond");

  /** Calls that have a reason: once a sleep, for one request in 64, or what no driver does. */
  private static final Set<String> RARE =
      Set.of(
          "PollSet.disarm",
          "DeviceQueue.disableNotifications",
          "ChannelMeter.measured",
          "RawMemory.shortOfBytes",
          "RawMemory.intOfShorts",
          "RawMemory.longOfInts");

  /** A request's way, in one piece or another. */
  private static final List<String> PATH =
      List.of("VringWorker.taken", "BlkQueue.take", "BlkQueue.submitTaken");

  @TempDir private Path folder;

  /** In what order methods get warm is chance, and may once leave a call. */
  private static final int TRIES = 3;

  @ParameterizedTest
  @ValueSource(strings = {"split", "packed"})
  void nothingButItsPiecesIsCalledInThePollLoop(String format) throws Exception {
    List<CompilerLog.Call> others = List.of();
    Set<String> seen = Set.of();
    for (int i = 0; i < TRIES && !(others.isEmpty() && seen.containsAll(PATH)); i++) {
      Path file = folder.resolve("compiler" + i + ".log");
      Process process = start(format, file);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(process.exitValue()).isZero();

      CompilerLog.Tree loop = CompilerLog.read(file).from(ROOT, PIECES);

      seen = loop.methods();
      others = loop.otherCalls().stream().filter(call -> !RARE.contains(call.callee())).toList();
    }
    assertThat(seen).as("what the log tells of").containsAll(PATH);
    assertThat(others).as("calls that stayed calls").isEmpty();
  }

  private Process start(String format, Path log) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:CompileThresholdScaling=10",
            "-XX:MaxInlineLevel=22",
            "-XX:Tier2BackedgeNotifyFreqLog=22",
            "-XX:CompileCommandFile=" + COMPILER,
            "-XX:+LogCompilation",
            "-XX:LogFile=" + log,
            "--enable-native-access=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            CompiledPath.class.getName(),
            format)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("out").toFile())
        .start();
  }
}
