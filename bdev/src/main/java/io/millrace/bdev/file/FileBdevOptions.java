package io.millrace.bdev.file;

import io.millrace.linux.RandomUuid;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a file bdev shall be.
 *
 * @param name its name in the registry
 * @param path the image or block device
 * @param uuid its UUID
 * @param blockSize bytes of a logical block; 0 takes the smallest that the file allows, 512 for
 *     most
 * @param readOnly whether it refuses writes; the file is opened read-only then
 * @param direct past the page cache ({@code O_DIRECT})
 * @param writeThrough each write is durable before it completes ({@code RWF_DSYNC})
 * @param fallocate whether it does UNMAP and WRITE_ZEROES, by holes in the file
 * @param raw serve the file's bytes as they are, even when they look like another image format
 * @param kind which of SPDK's modules it stands for
 * @param engine how its requests get to the kernel
 * @param registerMemory whether the memory of its guests is registered with io_uring, where the
 *     kernel allows it: pinned, so that nothing may punch holes into it while it is served
 * @param failures what it does when the storage fails or hangs
 */
public record FileBdevOptions(
    String name,
    Path path,
    UUID uuid,
    int blockSize,
    boolean readOnly,
    boolean direct,
    boolean writeThrough,
    boolean fallocate,
    boolean raw,
    FileBdevKind kind,
    FileEngineKind engine,
    boolean registerMemory,
    FileFailurePolicy failures) {

  /** A writable bdev of that file, through the page cache, with a random UUID. */
  public static FileBdevOptions of(String name, Path path) {
    return new FileBdevOptions(
        name,
        path,
        RandomUuid.next(),
        0,
        false,
        false,
        false,
        true,
        false,
        FileBdevKind.AIO,
        FileEngineKind.AUTO,
        false,
        FileFailurePolicy.NONE);
  }

  /** A UUID that a disk has again after each start: guests see a part of it as serial number. */
  public static UUID stableUuid(String name, Path path) {
    String whole = name + "=" + path.toAbsolutePath().normalize();
    return UUID.nameUUIDFromBytes(whole.getBytes(StandardCharsets.UTF_8));
  }

  /** The same with another UUID. */
  public FileBdevOptions withUuid(UUID value) {
    return with(o -> o.uuid = value);
  }

  /** The same with another block size in bytes. */
  public FileBdevOptions withBlockSize(int value) {
    return with(o -> o.blockSize = value);
  }

  /** The same, refusing writes or not. */
  public FileBdevOptions withReadOnly(boolean value) {
    return with(o -> o.readOnly = value);
  }

  /** The same, past the page cache or not. */
  public FileBdevOptions withDirect(boolean value) {
    return with(o -> o.direct = value);
  }

  /** The same, each write durable or not. */
  public FileBdevOptions withWriteThrough(boolean value) {
    return with(o -> o.writeThrough = value);
  }

  /** The same, doing UNMAP and WRITE_ZEROES or not. */
  public FileBdevOptions withFallocate(boolean value) {
    return with(o -> o.fallocate = value);
  }

  /** The same, with the format said to be raw or not. */
  public FileBdevOptions withRaw(boolean value) {
    return with(o -> o.raw = value);
  }

  /** The same, standing for another of SPDK's modules. */
  public FileBdevOptions withKind(FileBdevKind value) {
    return with(o -> o.kind = value);
  }

  /** The same, on another engine. */
  public FileBdevOptions withEngine(FileEngineKind value) {
    return with(o -> o.engine = value);
  }

  /** The same, with its guests' memory registered or not. */
  public FileBdevOptions withRegisterMemory(boolean value) {
    return with(o -> o.registerMemory = value);
  }

  /** The same, with another policy for storage that fails or hangs. */
  public FileBdevOptions withFailures(FileFailurePolicy value) {
    return with(o -> o.failures = value);
  }

  private FileBdevOptions with(Consumer<Changed> change) {
    Changed changed = new Changed(this);
    change.accept(changed);
    return changed.options();
  }

  /** The options while one of them is changed. */
  private static final class Changed {
    private final FileBdevOptions of;
    private UUID uuid;
    private int blockSize;
    private boolean readOnly;
    private boolean direct;
    private boolean writeThrough;
    private boolean fallocate;
    private boolean raw;
    private FileBdevKind kind;
    private FileEngineKind engine;
    private boolean registerMemory;
    private FileFailurePolicy failures;

    Changed(FileBdevOptions of) {
      this.of = of;
      uuid = of.uuid;
      blockSize = of.blockSize;
      readOnly = of.readOnly;
      direct = of.direct;
      writeThrough = of.writeThrough;
      fallocate = of.fallocate;
      raw = of.raw;
      kind = of.kind;
      engine = of.engine;
      registerMemory = of.registerMemory;
      failures = of.failures;
    }

    FileBdevOptions options() {
      return new FileBdevOptions(
          of.name,
          of.path,
          uuid,
          blockSize,
          readOnly,
          direct,
          writeThrough,
          fallocate,
          raw,
          kind,
          engine,
          registerMemory,
          failures);
    }
  }
}
