package io.millrace.bdev.rpc;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Disks of images and block devices: SPDK's aio methods, with parameters of our own beside its. */
final class FileDiskMethods {
  private final BdevMethods bdevMethods;

  FileDiskMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        bdevMethods
            .method("bdev_aio_create", "Makes a disk of a raw image or a block device")
            .param(Param.string("name", "its name").required())
            .param(Param.string("filename", "the image or device").required())
            .param(
                Param.uint32("block_size", "bytes of a block; the smallest the file allows without")
                    .orElse(0))
            .param(Param.bool("readonly", "refuse writes").orElse(false))
            .param(Param.bool("fallocate", "do unmap and write zeroes").orElse(false))
            .param(Param.uuid("uuid", "its UUID; made of name and file without"))
            .param(Param.bool("nowait", "RWF_NOWAIT; not supported").orElse(false))
            .param(Param.bool("direct", "past the page cache (O_DIRECT)").orElse(false))
            .param(Param.bool("write_through", "each write is durable").orElse(false))
            .param(
                Param.oneOf("format", List.of("raw"), "raw: serve it even if it looks otherwise"))
            .handledBy(this::create));
    methods.add(
        bdevMethods
            .method("bdev_aio_rescan", "Looks how large the image or device is now")
            .param(Param.string("name", "the bdev").required())
            .handledBy(this::rescan));
    bdevMethods.addDelete(methods, "bdev_aio_delete", "Removes a file disk", FileBdev.class);
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    if (arguments.bool("nowait")) {
      throw RpcException.of(Errno.EINVAL, "nowait is not supported; leave it out");
    }
    String name = arguments.string("name");
    Path path = path(arguments.string("filename"));
    FileBdevOptions options =
        new FileBdevOptions(
            name,
            path,
            arguments.optionalUuid("uuid").orElseGet(() -> FileBdevOptions.stableUuid(name, path)),
            (int) Math.min(arguments.integer("block_size"), Integer.MAX_VALUE),
            arguments.bool("readonly"),
            arguments.bool("direct"),
            arguments.bool("write_through"),
            arguments.bool("fallocate"),
            arguments.has("format"));
    return bdevMethods.create(() -> FileBdev.create(options));
  }

  private CompletionStage<JsonNode> rescan(Arguments arguments) throws RpcException {
    return bdevMethods.resize(arguments.string("name"), FileBdev.class, FileBdev::rescan);
  }

  private static Path path(String filename) throws RpcException {
    try {
      return Path.of(filename);
    } catch (InvalidPathException e) {
      throw RpcException.of(Errno.EINVAL, "filename: " + e.getMessage());
    }
  }
}
