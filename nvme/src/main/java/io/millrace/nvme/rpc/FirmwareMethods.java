package io.millrace.nvme.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.nvme.NvmeCommand;
import io.millrace.nvme.NvmeCommands;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeResult;
import io.millrace.nvme.NvmeStatus;
import io.millrace.nvme.bdev.NvmeBdev;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** Gives a controller another firmware. */
final class FirmwareMethods {
  private static final int PIECE_BYTES = 4096;
  private static final long MAX_BYTES = 256 << 20;
  private static final int REPLACE_AND_ACTIVATE_AT_RESET = 1;
  private static final int RESET_ACTIVATES = 0x111; // activation requires controller level reset

  private final NvmeMethods methods;

  FirmwareMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        NvmeMethods.method(
                "bdev_nvme_apply_firmware",
                "Gives a disk's controller a firmware image, and resets it")
            .configuresNothing()
            .param(Param.string("filename", "the image").required())
            .param(Param.string("bdev_name", "a disk of the controller").required())
            .handledBy(this::apply));
  }

  private CompletionStage<JsonNode> apply(Arguments arguments) throws RpcException {
    NvmeController controller = disk(arguments.string("bdev_name")).controller();
    Path file = path(arguments.string("filename"));
    return read(file)
        .thenCompose(image -> download(controller, image, 0))
        .thenCompose(downloaded ->
            sent(
                controller,
                NvmeCommands.firmwareCommit(0, REPLACE_AND_ACTIVATE_AT_RESET),
                "firmware commit failed."))
        .thenCompose(committed -> reset(controller));
  }

  private NvmeBdev disk(String name) throws RpcException {
    Bdev bdev;
    try {
      bdev = methods.bdevs().get(name);
    } catch (BdevException e) {
      throw error("bdev " + name + " could not be opened", e.getMessage());
    }
    if (bdev instanceof NvmeBdev disk) {
      return disk;
    }
    throw error(
        "Controller information for " + name + " were not found.",
        "it is no NVMe disk; give one of bdev_nvme_get_controllers");
  }

  private static Path path(String name) throws RpcException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw error("open file failed.", "filename: " + e.getMessage());
    }
  }

  /** On a thread of its own; complete on the control thread. */
  private CompletionStage<byte[]> read(Path file) {
    CompletableFuture<byte[]> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("firmware")
        .start(() -> {
          byte[] image = null;
          RpcException failure = null;
          try {
            image = image(file);
          } catch (RpcException e) {
            failure = e;
          }
          complete(done, image, failure);
        });
    return done;
  }

  private void complete(
      CompletableFuture<byte[]> done, byte @Nullable [] image, @Nullable RpcException failure) {
    methods
        .control()
        .execute(() -> {
          if (image != null) {
            done.complete(image);
          } else {
            done.completeExceptionally(
                failure == null ? new IllegalStateException("neither") : failure);
          }
        });
  }

  private static byte[] image(Path file) throws RpcException {
    try {
      long bytes = Files.size(file);
      if (bytes % Integer.BYTES != 0) {
        throw error("Firmware image size is not multiple of 4.", file + " has " + bytes + " bytes");
      }
      if (bytes == 0 || bytes > MAX_BYTES) {
        throw error(
            "Read firmware image failed!",
            file + " has " + bytes + " bytes; a firmware has 4 to " + MAX_BYTES);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw error("open file failed.", e.toString());
    }
  }

  private static CompletionStage<@Nullable Void> download(
      NvmeController controller, byte[] image, int offset) {
    if (offset == image.length) {
      return CompletableFuture.completedFuture(null);
    }
    int end = Math.min(image.length, offset + PIECE_BYTES);
    NvmeCommand piece =
        NvmeCommands.firmwareDownload(offset, Arrays.copyOfRange(image, offset, end));
    return sent(controller, piece, "firmware download failed.")
        .thenCompose(result -> download(controller, image, end));
  }

  private static CompletionStage<NvmeResult> sent(
      NvmeController controller, NvmeCommand command, String otherwise) {
    return controller
        .admin(command)
        .handle((result, e) -> {
          if (e != null) {
            return failed(otherwise, e.getMessage());
          }
          boolean done = result.succeeded() || NvmeStatus.code(result.status()) == RESET_ACTIVATES;
          return done
              ? CompletableFuture.completedStage(result)
              : failed(otherwise, controller.name() + ": " + result);
        })
        .thenCompose(answer -> answer);
  }

  private static CompletionStage<NvmeResult> failed(String error, @Nullable String why) {
    return CompletableFuture.failedStage(error(error, why));
  }

  /** SPDK answers before the reset is over; a failure of it is in the log. */
  private static CompletionStage<JsonNode> reset(NvmeController controller) {
    var _ = controller.reset();
    return CompletableFuture.completedStage(
        StringNode.valueOf("firmware commit succeeded. Controller reset in progress."));
  }

  private static RpcException error(String error, @Nullable String why) {
    return new RpcException(RpcException.INTERNAL_ERROR, error, why);
  }
}
