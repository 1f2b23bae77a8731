package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Servers that are killed amid a stream of configuring calls: the next one has what was answered.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class StateKillTest {
  /** More by {@code -Dmillrace.state.kills}. */
  private static final int KILLS = Integer.getInteger("millrace.state.kills", 2);

  private static final int CLIENTS = 3;
  private static final int MAX_ANSWERS = 40; // that are waited for before a kill
  private static final int MAX_NANOS = 5_000_000; // and how much later it comes
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path dir;
  private Path folder;

  /** Makes and deletes disks and controllers of its own, one call after the other. */
  private final class Client extends Thread {
    private final int number;
    private final Random random;
    private final Semaphore answered;
    private final Set<String> before; // what there was when the last call began
    private Set<String> after; // and what there is if it was done
    private String unexpected = "";

    Client(int number, Random random, Semaphore answered, Set<String> there) {
      this.number = number;
      this.random = random;
      this.answered = answered;
      before = new TreeSet<>(there);
      after = before;
    }

    @Override
    public void run() {
      try (RpcClient client = RpcClient.connect(folder.resolve("r"), PATIENCE)) {
        while (true) {
          next(client);
          before.clear();
          before.addAll(after);
          answered.release();
        }
      } catch (IOException killed) {
        // What it had asked for last may have been done, or not.
      } catch (RpcException e) {
        unexpected = e.getMessage();
      }
    }

    private void next(RpcClient client) throws IOException, RpcException {
      String disk = "m%d-%d".formatted(number, random.nextInt(3));
      String controller = disk + ".sock";
      after = new TreeSet<>(before);
      if (!before.contains(disk)) {
        after.add(disk);
        call(
            client,
            "bdev_malloc_create",
            "{\"name\": \"%s\", \"block_size\": 512, \"num_blocks\": 8}",
            disk);
      } else if (before.contains(controller)) {
        after.remove(controller);
        call(client, "vhost_delete_controller", "{\"ctrlr\": \"%s\"}", controller);
      } else if (random.nextBoolean()) {
        after.add(controller);
        call(
            client,
            "vhost_create_blk_controller",
            "{\"ctrlr\": \"%s\", \"dev_name\": \"%s\"}",
            controller,
            disk);
      } else {
        after.remove(disk);
        call(client, "bdev_malloc_delete", "{\"name\": \"%s\"}", disk);
      }
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void call(RpcClient client, String method, String params, Object... names)
        throws IOException, RpcException {
      client.call(method, JSON.readTree(params.formatted(names)));
    }
  }

  @Test
  void whatWasAnsweredIsThereHoweverOftenTheServerIsKilled() throws Exception {
    folder = Files.createDirectory(dir.resolve("work"));
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Random random = new Random(seed);
    List<Client> clients = List.of();
    for (int kill = 0; kill <= KILLS; kill++) {
      Semaphore answered = new Semaphore(0);
      try (ServerProcess server = start()) {
        Set<String> there = found();
        for (Client client : clients) {
          assertThat(of(client.number, there))
              .as("seed %d, kill %d, client %d", seed, kill, client.number)
              .isIn(client.before, client.after);
        }
        clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          Client client = new Client(i, new Random(random.nextLong()), answered, of(i, there));
          client.start();
          clients.add(client);
        }
        assertThat(
                answered.tryAcquire(
                    random.nextInt(MAX_ANSWERS), PATIENCE.toSeconds(), TimeUnit.SECONDS))
            .as(server.log())
            .isTrue();
        pause(random.nextInt(MAX_NANOS));
      } // killed
      for (Client client : clients) {
        client.join();
        assertThat(client.unexpected).isEmpty();
      }
    }
  }

  private ServerProcess start() throws Exception {
    ServerProcess server =
        ServerProcess.start(folder, List.of(), "serve", "--state", "state", "-r", "r");
    assertThat(server.line()).as(server.log()).startsWith("ready: ");
    assertThat(server.log()).isEmpty();
    return server;
  }

  /** Those of a client. */
  private static Set<String> of(int client, Set<String> all) {
    Set<String> own = new TreeSet<>(all);
    own.removeIf(each -> !each.startsWith("m" + client + "-"));
    return own;
  }

  /** What a server has. */
  private Set<String> found() throws Exception {
    Set<String> found = new TreeSet<>();
    try (RpcClient client = RpcClient.connect(folder.resolve("r"), PATIENCE)) {
      for (JsonNode disk : client.call("bdev_get_bdevs", null)) {
        found.add(disk.path("name").stringValue());
      }
      for (JsonNode controller : client.call("vhost_get_controllers", null)) {
        found.add(controller.path("ctrlr").stringValue());
      }
    }
    return found;
  }

  /** Lets the server come to any point of its work. */
  private static void pause(int nanos) {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }
}
