package io.millrace.initiator.bdev;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.initiator.InitiatorException;
import io.millrace.reactor.Reactor;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;

/**
 * A disk that another process serves over vhost-user: a virtio-blk device, or a logical unit of a
 * SCSI controller. The other process sees memory of the driver's own, never that of the requests:
 * data is copied, and what the process does to its memory harms nobody else. When it hangs up, or
 * says that the unit is gone, requests fail until the bdev is removed and made again.
 */
public final class VhostUserBdev extends Bdev {
  private final DiskDevice device;
  private final Path socket;
  private volatile boolean gone;

  /**
   * A bdev of a device.
   *
   * @throws BdevException INVALID when no bdev can be that
   */
  VhostUserBdev(DiskDevice device, String name, UUID uuid, Path socket) throws BdevException {
    super(properties(device, name, uuid, socket));
    this.device = device;
    this.socket = socket;
  }

  private static BdevProperties properties(DiskDevice device, String name, UUID uuid, Path socket)
      throws BdevException {
    try {
      return device.properties(name, uuid);
    } catch (IllegalArgumentException e) {
      throw new BdevException(
          Kind.INVALID, "bdev " + name + ": the disk at " + socket + ": " + e.getMessage(), e);
    }
  }

  /**
   * Connects to a block device.
   *
   * @param socket path of the other process's socket
   * @param queues how many reactors can use it at the same time, at most what it has
   */
  public static VhostUserBdev open(String name, UUID uuid, Path socket, int queues)
      throws BdevException {
    try {
      return of(BlkDisk.open(socket, queues), name, uuid, socket);
    } catch (InitiatorException e) {
      throw new BdevException(Kind.SYSTEM, "bdev " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Connects to a logical unit of a SCSI controller.
   *
   * @param socket path of the other process's socket
   * @param target 0 to 255
   * @param lun 0 to 16383
   * @param queues how many reactors can use it at the same time, at most one less than the
   *     controller has: it needs one for itself
   */
  public static VhostUserBdev openScsi(
      String name, UUID uuid, Path socket, int target, int lun, int queues) throws BdevException {
    try {
      ScsiSession session = ScsiSession.open(socket, queues);
      try {
        return of(session.disk(target, lun), name, uuid, socket);
      } catch (InitiatorException e) {
        session.close();
        throw e;
      }
    } catch (InitiatorException e) {
      throw new BdevException(Kind.SYSTEM, "bdev " + name + ": " + e.getMessage(), e);
    }
  }

  private static VhostUserBdev of(DiskDevice device, String name, UUID uuid, Path socket)
      throws BdevException {
    try {
      return new VhostUserBdev(device, name, uuid, socket);
    } catch (BdevException e) {
      device.close();
      throw e;
    }
  }

  /**
   * Follows what becomes of the disk from now on, where the other process tells: its size
   * (BACKEND_REQ of a block device, the event queue and unit attentions of a SCSI unit), and that a
   * unit is gone, as if the process had hung up. Once.
   *
   * @param control runs the thread of the registry
   * @param registry tells the openers
   */
  public void follow(Reactor control, BdevRegistry registry) {
    device.follow(
        name(),
        control,
        new DiskDevice.Follower() {
          @Override
          public void sized(long blocks) {
            if (blocks > 0 && blocks != blockCount()) {
              blockCount(blocks);
              registry.resized(VhostUserBdev.this);
            }
          }

          @Override
          public void gone() {
            gone = true; // before the channels are told: one that is being opened sees it
            onEveryChannel(channel -> ((VhostUserChannel) channel).hungUp());
          }
        });
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    int queue = device.queues().take(name());
    VhostUserChannel channel =
        new VhostUserChannel(this, reactor, device, queue, device.queues().slotMemory(queue));
    if (gone) {
      channel.hungUp();
    }
    return channel;
  }

  void giveBack(int queue) {
    device.queues().giveBack(queue);
  }

  @Override
  public Map<String, Object> driverSpecific() {
    return Map.of("virtio", Map.of("type", "user", "socket", socket.toString()));
  }

  @Override
  protected void destroy() {
    device.close();
  }
}
