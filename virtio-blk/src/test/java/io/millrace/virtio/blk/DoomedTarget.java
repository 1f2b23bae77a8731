package io.millrace.virtio.blk;

import ch.qos.logback.classic.Level;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.VhostControllers;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/** A target in a process of its own, to be killed: a disk of an image behind a socket. */
final class DoomedTarget {
  private final Process process;

  private DoomedTarget(Process process) {
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @param log where it says what goes wrong
   */
  static DoomedTarget start(Path socket, Path image, Path log) throws IOException {
    DoomedTarget target = start(socket, image, log, "", List.of());
    target.serve();
    return target;
  }

  /**
   * Starts one that dies by itself, and that waits for {@link #serve} before it takes image and
   * socket.
   *
   * @param classes folder with the class in which it dies, see {@link RequestEdge}
   * @param passages how often it gets by there before
   */
  static DoomedTarget startDying(Path socket, Path image, Path log, Path classes, int passages)
      throws IOException {
    return start(
        socket,
        image,
        log,
        classes + File.pathSeparator,
        List.of("-D" + KillPoint.PASSAGES + "=" + passages));
  }

  private static DoomedTarget start(
      Path socket, Path image, Path log, String classPath, List<String> properties)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Compiled a little: what a death meets is to be the code that runs for long, too.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED"));
    command.addAll(properties);
    command.addAll(List.of("-cp", classPath + System.getProperty("java.class.path")));
    command.add(DoomedTarget.class.getName());
    command.addAll(List.of(socket.toString(), image.toString()));
    return start(command, log);
  }

  /** Starts another program as one, that ends when it is killed. */
  static DoomedTarget start(List<String> command, Path log) throws IOException {
    return new DoomedTarget(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  /** Has it begin. */
  void serve() throws IOException {
    process.getOutputStream().write(0);
    process.getOutputStream().flush();
  }

  /** Serves until it is killed, or until whoever started it is gone. */
  public static void main(String[] arguments) throws Exception {
    Logback.logger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO); // what is of use, and quickly
    Path socket = Path.of(arguments[0]);
    Path image = Path.of(arguments[1]);
    Reactor control = Reactor.start("control", -1);
    Reactor reactor = Reactor.start("reactor", -1);
    BdevRegistry bdevs = new BdevRegistry();
    BlkControllers controllers =
        new BlkControllers(bdevs, new VhostControllers(control, Map.of(0, reactor)));
    System.in.read();
    control.execute(() -> {
      try {
        bdevs.register(FileBdev.create(FileBdevOptions.of("disk", image).withRaw(true)));
        controllers.create(
            new BlkControllers.Spec("disk", "disk", false, null, null, RingOptions.DEFAULTS),
            VhostSocket.listen(socket, null));
      } catch (Exception e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    });
    try (InputStream end = System.in) {
      end.read(); // at its end nobody is left who would kill it
    }
    Runtime.getRuntime().halt(0);
  }

  /** kill -9, and waits until it is gone. */
  void kill() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("a killed process does not end");
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it is gone, by itself; what it exits with. */
  int exit() throws InterruptedException {
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("the target does not die");
    }
    return process.exitValue();
  }

  /** An image of this size, all zeroes. */
  static Path image(Path folder) throws IOException {
    Path image = folder.resolve("disk.img");
    Files.write(image, new byte[16 << 20]);
    return image;
  }
}
