package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which images are served, and what is said of the others. */
class FileBdevCreateTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private Path image;

  @BeforeEach
  void createImage() throws Exception {
    image = imageOf(MIB);
  }

  private Path imageOf(long size) throws Exception {
    Path path = directory.resolve("disk-" + size + ".img");
    try (FileDescriptor fd = LinuxFiles.open(path, OpenFlag.READ_WRITE, OpenFlag.CREATE)) {
      LinuxFiles.truncate(fd, size);
    }
    return path;
  }

  private FileBdevOptions options() {
    return FileBdevOptions.of("disk", image);
  }

  private static FileBdev create(FileBdevOptions options) throws BdevException {
    return FileBdev.create(options);
  }

  private static void refused(FileBdevOptions options, Kind kind, String... parts)
      throws Exception {
    long before = openDescriptors(options.path());
    ThrowingCallable creation = () -> FileBdev.create(options);

    assertThatThrownBy(creation)
        .isInstanceOf(BdevException.class)
        .hasMessageStartingWith("bdev disk: " + options.path())
        .hasMessageContainingAll(parts)
        .message()
        .doesNotContain("\n");
    assertThatThrownBy(creation).extracting(e -> ((BdevException) e).kind()).isEqualTo(kind);
    assertThat(openDescriptors(options.path())).as("descriptors left open").isEqualTo(before);
  }

  private static long openDescriptors(Path file) throws Exception {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(fd -> isOpenOn(fd, file)).count();
    }
  }

  private static boolean isOpenOn(Path fd, Path file) {
    try {
      return Files.readSymbolicLink(fd).equals(file);
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  private static int run(List<String> command, StringBuilder output) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    output.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    return process.waitFor();
  }

  private static void qemuImg(String... arguments) throws Exception {
    StringBuilder output = new StringBuilder("qemu-img ");
    List<String> command = new java.util.ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(arguments));
    assertThat(run(command, output)).as(output.toString()).isZero();
  }

  private String qemuIo(String... arguments) throws Exception {
    StringBuilder output = new StringBuilder();
    List<String> command = new java.util.ArrayList<>(List.of("qemu-io", "-f", "raw"));
    command.addAll(List.of(arguments));
    command.add(image.toString());
    run(command, output);
    return output.toString();
  }

  @Test
  void rawImageIsADiskOfItsSize() throws Exception {
    FileBdev bdev = create(options().withBlockSize(4096));

    assertThat(bdev.blockCount()).isEqualTo(256);
    assertThat(bdev.properties().blockSize()).isEqualTo(4096);
    assertThat(bdev.properties().productName()).isEqualTo("AIO disk");
    assertThat(bdev.properties().volatileCache()).isTrue();
    assertThat(bdev.driverSpecific().get("aio"))
        .isEqualTo(
            Map.of(
                "filename",
                image.toString(),
                "block_size_override",
                true,
                "readonly",
                false,
                "fallocate",
                true,
                "nowait",
                false));
    bdev.destroy();
  }

  @Test
  void directImageTellsItsAlignment() throws Exception {
    FileBdev bdev = create(options().withDirect(true).withWriteThrough(true));

    assertThat(bdev.properties().blockSize()).isGreaterThanOrEqualTo(512);
    assertThat(bdev.properties().limits().memoryAlignment()).isGreaterThan(1);
    assertThat(bdev.properties().volatileCache()).isFalse();
    bdev.destroy();
  }

  @Test
  void partOfABlockAtTheEndIsNotServed() throws Exception {
    image = imageOf(10_000);

    FileBdev bdev = create(options());

    assertThat(bdev.sizeBytes()).isEqualTo(9728);
    bdev.destroy();
  }

  @Test
  void missingFileIsNamedWithHowToMakeIt() throws Exception {
    image = directory.resolve("missing.img");

    refused(
        options(), Kind.SYSTEM, "ENOENT (No such file or directory)", "truncate -s 10G " + image);
  }

  @Test
  void whatIsNoImageIsRefused() throws Exception {
    refused(
        FileBdevOptions.of("disk", directory),
        Kind.INVALID,
        "neither an image file nor a block device",
        "DIRECTORY");
    refused(FileBdevOptions.of("disk", Path.of("/dev/null")), Kind.INVALID, "CHARACTER");
    refused(
        FileBdevOptions.of("disk", imageOf(511)),
        Kind.INVALID,
        "511 bytes, less than one block of 512");
    refused(FileBdevOptions.of("disk", imageOf(0)).withDirect(true), Kind.INVALID, "0 bytes");
  }

  @Test
  void registeredMemoryOnThreadsIsAContradiction() throws Exception {
    refused(
        options().withRegisterMemory(true).withEngine(FileEngineKind.THREADS),
        Kind.INVALID,
        "registered memory needs io_uring, not the threads engine; leave one of the two out");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 511, 513, 1000, 131_072, -512})
  void impossibleBlockSizeIsRefused(int bytes) throws Exception {
    refused(
        options().withBlockSize(bytes),
        Kind.INVALID,
        "block size " + bytes + " is no power of two");
  }

  @ParameterizedTest
  @CsvSource({
    "qcow2, qcow2, preallocation=off",
    "vmdk, VMDK, subformat=monolithicSparse",
    "vmdk, VMDK, subformat=monolithicFlat",
    "vhdx, VHDX, subformat=dynamic",
    "vpc, VHD, subformat=dynamic",
    "vpc, VHD, subformat=fixed",
    "vdi, VDI, static=off",
    "qed, QED, cluster_size=65536",
    "parallels, Parallels, cluster_size=1048576"
  })
  void imagesOfOtherFormatsAreRefusedUnlessRawIsSaid(String format, String title, String option)
      throws Exception {
    image = directory.resolve("image." + format);
    qemuImg("create", "-q", "-f", format, "-o", option, image.toString(), "4M");

    refused(options(), Kind.INVALID, "looks like " + title, "format=raw");
    refused(options().withReadOnly(true), Kind.INVALID, "looks like " + title);
    if (Files.size(image) >= 512) {
      create(options().withRaw(true)).destroy();
    }
  }

  @Test
  void encryptedImageIsRefused() throws Exception {
    Files.write(image, "LUKS\u00ba\u00be\u0000\u0001".getBytes(StandardCharsets.ISO_8859_1));

    refused(options().withBlockSize(512), Kind.INVALID, "looks like LUKS");
  }

  @Test
  void qemuCannotWriteAnImageThatIsServed() throws Exception {
    FileBdev bdev = create(options());

    assertThat(qemuIo("-c", "write 0 512")).contains("Failed to get").contains("lock");

    bdev.destroy();
    assertThat(qemuIo("-c", "write 0 512")).contains("wrote 512/512");
  }

  @Test
  void readersShareAnImageAndKeepWritersOut() throws Exception {
    FileBdev first = create(options().withReadOnly(true));
    FileBdev second = create(options().withReadOnly(true));

    assertThat(qemuIo("-r", "-c", "read 0 512")).contains("read 512/512");
    assertThat(qemuIo("-c", "write 0 512")).contains("Failed to get").contains("lock");
    refused(options(), Kind.BUSY, "in use by another program (QEMU, Millrace) or bdev");

    first.destroy();
    second.destroy();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void imageThatQemuHasOpenForWritingIsRefused(boolean readOnly) throws Exception {
    Process qemu = new ProcessBuilder("qemu-io", "-f", "raw", image.toString()).start();
    try {
      var answer = qemu.inputReader();
      qemu.outputWriter().write("length\n");
      qemu.outputWriter().flush();
      assertThat(answer.readLine()).contains("1 MiB");

      refused(options().withReadOnly(readOnly), Kind.BUSY, "in use by another program");
    } finally {
      qemu.outputWriter().write("quit\n");
      qemu.outputWriter().flush();
      qemu.waitFor();
    }
    create(options()).destroy();
  }

  @Test
  void twoWritersOfOneProcessAreRefusedToo() throws Exception {
    FileBdev bdev = create(options());

    refused(options(), Kind.BUSY, "in use by another program (QEMU, Millrace) or bdev");

    bdev.destroy();
  }

  @Test
  void anImageThatIsLetGoAMomentLaterIsWaitedFor() throws Exception {
    FileBdev dying = create(options());
    CompletableFuture<Void> gone =
        CompletableFuture.runAsync(
            dying::destroy, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));

    create(options()).destroy();

    gone.get(10, TimeUnit.SECONDS);
  }
}
