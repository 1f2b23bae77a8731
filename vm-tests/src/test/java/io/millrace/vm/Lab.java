package io.millrace.vm;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Where a test's server and guests live: a folder below {@code target/vm} with their images,
 * sockets and logs. Registered as a static field it serves a whole class, else one test. At the end
 * it ends every process; of a failed test it prints the logs, and keeps them.
 */
final class Lab
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {
  /** The folder of the module {@code vm-tests}, where Maven starts its tests. */
  static final Path MODULE = Path.of("").toAbsolutePath();

  private static final int PRINTED_LINES = 60;

  private final Deque<Process> processes = new ArrayDeque<>();
  private final Thread atExit = new Thread(this::abandon, "lab-exit");
  private Path folder;
  private Path shortFolder;
  private Path memoryFolder;
  private boolean wholeClass;

  /** The folder of this test; processes run in it, so a plain name is a path there. */
  Path folder() {
    return folder;
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  /** A path that fits into a socket's address, for sockets that the test itself connects to. */
  Path shortPath(String name) {
    return shortFolder.resolve(name);
  }

  /** A path for a file that is to be a machine's memory, in memory if there is room. */
  Path memoryPath(String name, long bytes) throws IOException {
    Path shared = Path.of("/dev/shm");
    if (Files.isWritable(shared) && Files.getFileStore(shared).getUsableSpace() > 2 * bytes) {
      if (memoryFolder == null) {
        memoryFolder = Files.createTempDirectory(shared, "millrace-vm");
      }
      return memoryFolder.resolve(name);
    }
    return shortPath(name + "-memory");
  }

  /** What stands in a file by now; nothing if it is not there yet. */
  static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** So many bytes of an image at this offset. */
  static byte[] bytes(Path image, long offset, int count) throws IOException {
    byte[] bytes = new byte[count];
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
      file.seek(offset);
      file.readFully(bytes);
    }
    return bytes;
  }

  /** A sparse raw image of this size. */
  Path image(String name, long bytes) throws IOException {
    Path image = path(name);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return image;
  }

  /**
   * Starts a process in the folder, with standard error, and standard output unless piped, in the
   * file {@code log}.
   */
  Process start(List<String> command, String log, boolean piped) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectError(path(log).toFile());
    if (!piped) {
      builder.redirectErrorStream(true).redirectOutput(path(log).toFile());
    }
    Process process = builder.start();
    processes.push(process);
    return process;
  }

  /** What a short command prints, run in the folder; it has to succeed. */
  String output(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    wholeClass = true;
    open(context.getRequiredTestClass().getSimpleName());
  }

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    if (!wholeClass) {
      open(
          context.getRequiredTestClass().getSimpleName()
              + "."
              + context.getRequiredTestMethod().getName());
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (!wholeClass) {
      close();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    if (wholeClass) {
      close();
    }
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    printLogs(context);
    throw failure;
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    printLogs(context);
    throw failure;
  }

  private void open(String name) throws IOException {
    folder = MODULE.resolve("target").resolve("vm").resolve(name);
    deleteRecursively(folder);
    Files.createDirectories(folder);
    shortFolder = Files.createTempDirectory("millrace-vm");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  private void close() throws IOException, InterruptedException {
    Runtime.getRuntime().removeShutdownHook(atExit);
    killProcesses();
    for (Process process : processes) {
      process.waitFor();
    }
    deleteRecursively(shortFolder);
    deleteMemory();
  }

  /** The tests are broken off; files may stay, but not in memory. */
  private void abandon() {
    killProcesses();
    try {
      deleteMemory();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void deleteMemory() throws IOException {
    if (memoryFolder != null) {
      deleteRecursively(memoryFolder);
      memoryFolder = null;
    }
  }

  private void killProcesses() {
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private void printLogs(ExtensionContext context) throws IOException {
    System.out.println("---- " + context.getDisplayName() + " failed; logs in " + folder);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path log : files.filter(file -> file.toString().endsWith(".log")).sorted().toList()) {
        List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        System.out.println("---- " + log.getFileName() + ", " + lines.size() + " lines");
        lines.stream().skip(Math.max(0, lines.size() - PRINTED_LINES)).forEach(System.out::println);
      }
    }
  }

  private static void deleteRecursively(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
