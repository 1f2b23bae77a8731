package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevKind;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.bdev.file.FileEngineKind;
import io.millrace.bdev.file.FileFailurePolicy;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * Disks of images and block devices: SPDK's aio and uring methods, with parameters of our own
 * beside its.
 */
final class FileDiskMethods {
  private final BdevMethods bdevMethods;

  FileDiskMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
  }

  void addTo(MethodRegistry methods) {
    RpcMethod.Builder aio =
        common("bdev_aio_create", "Makes a disk of a raw image or a block device")
            .param(Param.bool("readonly", "refuse writes").orElse(false))
            .param(Param.bool("fallocate", "do unmap and write zeroes").orElse(false))
            .param(Param.bool("nowait", "RWF_NOWAIT; not supported").orElse(false));
    methods.add(withOurs(aio).handledBy(a -> create(a, FileBdevKind.AIO)));
    addRescan(methods, "bdev_aio_rescan", FileBdevKind.AIO);
    addRescan(methods, "bdev_uring_rescan", FileBdevKind.URING);
    RpcMethod.Builder uring =
        common(
                "bdev_uring_create",
                "Makes a disk of a raw image or a block device: as bdev_aio_create")
            .param(Param.bool("readonly", "refuse writes").orElse(false))
            .param(Param.bool("fallocate", "do unmap and write zeroes").orElse(false));
    methods.add(withOurs(uring).handledBy(a -> create(a, FileBdevKind.URING)));
    bdevMethods.addDelete(
        methods,
        "bdev_aio_delete",
        "Removes a disk of bdev_aio_create",
        b -> is(b, FileBdevKind.AIO));
    bdevMethods.addDelete(
        methods,
        "bdev_uring_delete",
        "Removes a disk of bdev_uring_create",
        b -> is(b, FileBdevKind.URING));
  }

  private void addRescan(MethodRegistry methods, String name, FileBdevKind kind) {
    methods.add(
        bdevMethods
            .method(name, "Looks how large the image or device is now")
            .configuresNothing()
            .param(Param.string("name", "the bdev").required())
            .handledBy(a -> rescan(a, kind)));
  }

  private static boolean is(Bdev bdev, FileBdevKind kind) {
    return bdev instanceof FileBdev file && file.options().kind() == kind;
  }

  private RpcMethod.Builder common(String name, String help) {
    return bdevMethods
        .method(name, help)
        .param(Param.string("name", "its name").required())
        .param(Param.string("filename", "the image or device").required())
        .param(
            Param.uint32("block_size", "bytes of a block; the smallest the file allows without")
                .orElse(0))
        .param(Param.uuid("uuid", "its UUID; made of name and file without"));
  }

  private static RpcMethod.Builder withOurs(RpcMethod.Builder method) {
    return method
        .param(Param.bool("direct", "past the page cache (O_DIRECT)").orElse(false))
        .param(Param.bool("write_through", "each write is durable").orElse(false))
        .param(Param.oneOf("format", List.of("raw"), "raw: serve it even if it looks otherwise"))
        .param(
            Param.oneOf(
                    "engine",
                    words(FileEngineKind.values(), FileEngineKind::word),
                    "io_uring, threads, or auto: io_uring where it is allowed")
                .orElse(FileEngineKind.AUTO.word()))
        .param(
            Param.bool(
                    "register_memory",
                    "pin the guests' memory for io_uring; not with a balloon, virtio-mem or free"
                        + " page reporting")
                .orElse(false))
        .param(
            Param.oneOf(
                    "on_error",
                    words(OnError.values(), OnError::word),
                    "retry holds what the storage fails until it succeeds; report does not")
                .orElse(OnError.REPORT.word()))
        .param(
            Param.integer(
                    "io_timeout",
                    0,
                    FileFailurePolicy.MAX_TIMEOUT_SECONDS,
                    "seconds the storage may take for a request; 0 is for ever")
                .orElse(0));
  }

  private static <T> List<String> words(T[] values, Function<T, String> word) {
    return Arrays.stream(values).map(word).toList();
  }

  /** The value of a word that was checked to be one of theirs. */
  private static <T> T named(T[] values, Function<T, String> word, String text) {
    return Arrays.stream(values)
        .filter(value -> word.apply(value).equals(text))
        .findFirst()
        .orElseThrow();
  }

  private CompletionStage<JsonNode> create(Arguments arguments, FileBdevKind kind)
      throws RpcException {
    if (kind == FileBdevKind.AIO && arguments.bool("nowait")) {
      throw RpcException.of(Errno.EINVAL, "nowait is not supported; leave it out");
    }
    String name = arguments.string("name");
    Path path = path(arguments.string("filename"));
    FileFailurePolicy failures =
        new FileFailurePolicy(
            named(OnError.values(), OnError::word, arguments.string("on_error")),
            (int) arguments.integer("io_timeout"));
    FileBdevOptions options =
        FileBdevOptions.of(name, path)
            .withUuid(
                arguments
                    .optionalUuid("uuid")
                    .orElseGet(() -> FileBdevOptions.stableUuid(name, path)))
            .withBlockSize((int) Math.min(arguments.integer("block_size"), Integer.MAX_VALUE))
            .withReadOnly(arguments.bool("readonly"))
            .withDirect(arguments.bool("direct"))
            .withWriteThrough(arguments.bool("write_through"))
            .withFallocate(arguments.bool("fallocate"))
            .withRaw(arguments.has("format"))
            .withKind(kind)
            .withEngine(
                named(FileEngineKind.values(), FileEngineKind::word, arguments.string("engine")))
            .withRegisterMemory(arguments.bool("register_memory"))
            .withFailures(failures);
    return bdevMethods.create(
        arguments,
        () -> {
          // Before the image is looked at: what is wrong with the call is not to be hidden by its
          // lock.
          if (options.blockSize() != 0) {
            MemoryDiskMethods.checkedBlockSize("block_size", options.blockSize());
          }
          bdevMethods.bdevs().requireFree(name);
          return FileBdev.create(options);
        });
  }

  private CompletionStage<JsonNode> rescan(Arguments arguments, FileBdevKind kind)
      throws RpcException {
    Bdev bdev = bdevMethods.bdev(arguments.string("name"), one -> is(one, kind));
    return bdevMethods.resize((FileBdev) bdev, FileBdev::rescan);
  }

  private static Path path(String filename) throws RpcException {
    try {
      return Path.of(filename);
    } catch (InvalidPathException e) {
      throw RpcException.of(Errno.EINVAL, "filename: " + e.getMessage());
    }
  }
}
