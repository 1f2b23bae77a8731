package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.ConfigFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets open when the request path is compiled, where that is of use to who comes first. */
@Timeout(120)
class EarlyRehearsalTest {
  @TempDir private Path dir;

  @BeforeEach
  void image() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  private ServeOptions disk(String socket) {
    return ServeOptions.in(dir)
        .withDisks(List.of(DiskOption.parse(socket + "=" + dir.resolve("disk.img"))));
  }

  @Test
  void socketsOpenWhenItIsOver() throws Exception {
    EarlyRehearsal early = EarlyRehearsal.planned();
    CompletableFuture<Target> started = new CompletableFuture<>();
    Thread main =
        Thread.ofPlatform()
            .start(() -> {
              try {
                started.complete(Target.start(disk("vm.sock"), early));
              } catch (Exception | Error e) {
                started.completeExceptionally(e);
              }
            });
    while (!waitsFor(main, EarlyRehearsal.class)) {
      Thread.onSpinWait(); // until the test's deadline
    }
    assertThat(dir.resolve("vm.sock")).doesNotExist();

    early.play();

    Target target = started.get();
    assertThat(dir.resolve("vm.sock")).exists();
    target.stop();
  }

  private static boolean waitsFor(Thread thread, Class<?> in) {
    return thread.getState() == Thread.State.WAITING
        && Stream.of(thread.getStackTrace())
            .anyMatch(frame -> frame.getClassName().equals(in.getName()));
  }

  @Test
  void aServerWithoutOneDoesNotWait() throws Exception {
    assertThat(EarlyRehearsal.none().isWanted()).isFalse();
    Target target = Target.start(disk("vm.sock"), EarlyRehearsal.none());
    assertThat(dir.resolve("vm.sock")).exists();
    target.stop();
  }

  @Test
  void itIsOfUseToBlockDevicesThatNobodyCanHaveWaitedFor() throws Exception {
    assertThat(isOfUse(disk("vm.sock"), null)).isTrue();
    assertThat(isOfUse(ServeOptions.in(dir), configuration("vhost_create_blk_controller")))
        .isTrue();

    assertThat(isOfUse(ServeOptions.in(dir).withRpcSocket(dir.resolve("r")), null))
        .as("nothing is served yet")
        .isFalse();
    assertThat(isOfUse(disk("vm.sock").withRehearsal(false), null)).isFalse();
    assertThat(isOfUse(disk("vm.sock").withWaitForRpc(true), null)).isFalse();
    assertThat(isOfUse(disk("connect:vm.sock"), null)).as("QEMU listens and waits").isFalse();
    assertThat(isOfUse(disk("fd:vm"), null)).as("systemd's socket is there before").isFalse();
    assertThat(isOfUse(disk("vm.sock").withScsi(List.of(scsi())), null)).isFalse();
    assertThat(isOfUse(disk("vm.sock"), configuration("vhost_create_scsi_controller"))).isFalse();
  }

  private DiskOption scsi() {
    return DiskOption.parseScsi("scsi.sock=" + dir.resolve("disk.img"));
  }

  private static boolean isOfUse(ServeOptions options, @Nullable ConfigFile configuration) {
    return EarlyRehearsal.isOfUse(options, configuration, null);
  }

  private ConfigFile configuration(String method) throws Exception {
    Path file = dir.resolve(method + ".json");
    Files.writeString(
        file,
        "{'subsystems': [{'subsystem': 'vhost', 'config': [{'method': '%s', 'params': {}}]}]}"
            .formatted(method)
            .replace('\'', '"'));
    return ConfigFile.read(file);
  }

  /** What it leaves behind is seen from outside: the compiler gives way to requests. */
  @Test
  void aServerRehearsesAtItsStartUnlessItIsToldNotTo() throws Exception {
    try (ServerProcess server =
        ServerProcess.start(dir, List.of(), "serve", "--blk", "a.sock=disk.img")) {
      assertThat(server.line()).startsWith("ready");
      long usual = nices(server, "(VM Thread)").getFirst();
      long compiler = usual + EarlyRehearsal.NICER_COMPILERS;
      while (!nices(server, "CompilerThre").stream().allMatch(nice -> nice == compiler)
          || !nices(server, "(java)").contains(usual + EarlyRehearsal.NICER_START)) {
        Thread.onSpinWait(); // until the test's deadline
      }
      assertThat(nices(server, "(reactor-")).containsOnly(usual);
      assertThat(nices(server, "(control)")).containsOnly(usual);
    }
    assertThat(nicenessOfCompilers("serve", "--no-rehearsal", "--blk", "b.sock=disk.img"))
        .isNotEmpty()
        .containsOnly(0L);
    assertThat(nicenessOfCompilers("blk", "--socket-path=c.sock", "--blk-file=disk.img"))
        .as("whoever starts it waits for its socket")
        .isNotEmpty()
        .containsOnly(0L);
  }

  @Test
  void compilersGiveWayOnlyWhereItTurnsOutToBeOfUse() throws Exception {
    long self = ProcessHandle.current().pid();
    List<Long> before =
        ProcThreads.stat(self, "CompilerThre", ProcThreads.NICE).stream().distinct().toList();
    EarlyRehearsal early = EarlyRehearsal.planned();
    Thread playing = Thread.ofPlatform().start(early::play);
    while (!sleeps(playing)) {
      Thread.onSpinWait(); // until the test's deadline: it is over, and nobody knows for what
    }

    early.cancelUnlessOfUse(disk("vm.sock").withScsi(List.of(scsi())), null, null);

    playing.join();
    assertThat(ProcThreads.stat(self, "CompilerThre", ProcThreads.NICE)).hasSameElementsAs(before);
  }

  private static boolean sleeps(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("sleep"));
  }

  /** Beyond what is usual in that process. */
  private List<Long> nicenessOfCompilers(String... arguments) throws Exception {
    try (ServerProcess server = ServerProcess.start(dir, List.of(), arguments)) {
      assertThat(server.line()).startsWith("ready");
      long usual = nices(server, "(VM Thread)").getFirst();
      return nices(server, "CompilerThre").stream().map(nice -> nice - usual).toList();
    }
  }

  private static List<Long> nices(ServerProcess server, String name) throws Exception {
    return ProcThreads.stat(server.pid(), name, ProcThreads.NICE);
  }
}
