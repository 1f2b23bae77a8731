package io.millrace.initiator.load;

import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A target in a process of its own, to be killed. */
public final class DoomedTarget {
  private final Process process;

  private DoomedTarget(Process process) {
    this.process = process;
  }

  /**
   * Starts one that serves at once.
   *
   * @param main calls {@link #run}; its arguments are socket and image
   * @param log where it says what goes wrong
   */
  public static DoomedTarget start(Class<?> main, Path socket, Path image, Path log)
      throws IOException {
    DoomedTarget target = start(main, socket, image, log, "", List.of());
    target.serve();
    return target;
  }

  /**
   * Starts one that waits for {@link #serve} before it takes image and socket.
   *
   * @param classPath in front of this process's own
   * @param options of its JVM
   */
  public static DoomedTarget start(
      Class<?> main, Path socket, Path image, Path log, String classPath, List<String> options)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Compiled a little: what a death meets is to be the code that runs for long, too.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath + System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(socket.toString(), image.toString()));
    return start(command, log);
  }

  /** Starts another program as one, that ends when it is killed. */
  public static DoomedTarget start(List<String> command, Path log) throws IOException {
    return new DoomedTarget(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  /** Has it begin. */
  public void serve() throws IOException {
    process.getOutputStream().write(0);
    process.getOutputStream().flush();
  }

  /** What such a process serves. */
  public interface Served {
    /** Takes image and socket; runs on the control reactor. */
    void begin() throws Exception;
  }

  /** What it makes before it is to begin. */
  public interface Preparing {
    /** Makes it for these reactors. */
    Served prepare(Reactor control, Reactor reactor) throws Exception;
  }

  /** The process's side: serves until it is killed, or until whoever started it is gone. */
  public static void run(Preparing preparing) throws Exception {
    Reactor control = Reactor.start("control", -1);
    Served served = preparing.prepare(control, Reactor.start("reactor", -1));
    System.in.read();
    control.execute(() -> {
      try {
        served.begin();
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
  public void kill() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("a killed process does not end");
    }
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it is gone, by itself; what it exits with. */
  public int exit() throws InterruptedException {
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("the target does not die");
    }
    return process.exitValue();
  }

  /** An image of 16 MiB, all zeroes. */
  public static Path image(Path folder) throws IOException {
    Path image = folder.resolve("disk.img");
    Files.write(image, new byte[16 << 20]);
    return image;
  }
}
