package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.load.DoomedTarget;
import io.millrace.virtqueue.RingFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Targets that die at each edge of a request's life, one after the other on the same ring, so that
 * each of them finds what another death has left: the next one finishes the requests, or dies of
 * them. The driver sleeps between calls.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class KillPointTest {
  /** For each edge and ring format; more, and all formats, by {@code -Dmillrace.kill.points}. */
  private static final int DEATHS = Integer.getInteger("millrace.kill.points", 1);

  private static final int MOST_PASSAGES = 100;

  @TempDir private Path folder;

  /** Processes that are started at once: most of their time is the start of a JVM. */
  private static final int AHEAD = 3;

  private record Death(RequestEdge edge, int passages) {
    DoomedTarget start(Path folder, RingFormat format) throws IOException {
      Path classes = Files.createTempDirectory(folder, "classes");
      edge.writeTo(classes, format);
      return DoomedDisk.startDying(
          folder.resolve("disk.sock"),
          folder.resolve("disk.img"),
          folder.resolve("log"),
          classes,
          passages);
    }
  }

  static LongStream formats() {
    return DEATHS == 1 ? SurvivingLoad.formats().skip(2).limit(2) : SurvivingLoad.formats();
  }

  /**
   * Each edge so often, in any order; half of them while the last death is being recovered from.
   */
  private static List<Death> deaths(Random random) {
    List<Death> deaths = new ArrayList<>();
    for (int i = 0; i < DEATHS; i++) {
      List<RequestEdge> edges = new ArrayList<>(List.of(RequestEdge.values()));
      Collections.shuffle(edges, random);
      for (RequestEdge edge : edges) {
        if (edge == RequestEdge.REFETCHED) {
          deaths.add(new Death(RequestEdge.MARKED, random.nextInt(MOST_PASSAGES)));
        }
        boolean soon = random.nextBoolean() || edge == RequestEdge.REFETCHED;
        int most = edge.isOfStart() ? 1 : soon ? 2 : MOST_PASSAGES;
        deaths.add(new Death(edge, edge == RequestEdge.REFETCHED ? 0 : random.nextInt(most)));
      }
    }
    return deaths;
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyRequestIsDoneOnceWhereverInItTheTargetDies(long features) throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Path socket = folder.resolve("disk.sock");
    Path image = DoomedTarget.image(folder);
    Path log = folder.resolve("log");
    List<Death> deaths = deaths(new Random(seed));
    int died = 0;
    Deque<DoomedTarget> targets = new ArrayDeque<>();
    targets.add(DoomedDisk.start(socket, image, log));
    try (SurvivingLoad load = new SurvivingLoad(socket, features, seed, true)) {
      load.run(100);
      targets.remove().kill();
      for (; died < deaths.size(); died++) {
        for (int i = died + targets.size(); i < Math.min(died + AHEAD, deaths.size()); i++) {
          targets.add(deaths.get(i).start(folder, RingFormat.of(features)));
        }
        runUntilDead(load, socket, targets.element());
        targets.remove();
      }
      targets.add(DoomedDisk.start(socket, image, log));
      load.driver.reconnect(socket);
      load.compareAll();
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "%s; -Dmillrace.seed=%d -Dmillrace.kill.points=%d; after %s; the targets said:\n%s"
              .formatted(
                  e,
                  seed,
                  DEATHS,
                  deaths.subList(0, Math.min(died + 1, deaths.size())),
                  Files.readString(log)),
          e);
    } finally {
      for (DoomedTarget target : targets) {
        target.kill();
      }
    }
  }

  private static void runUntilDead(SurvivingLoad load, Path socket, DoomedTarget target)
      throws Exception {
    target.serve();
    try {
      load.driver.reconnect(socket);
      load.runUntil("the target dies", () -> !target.isAlive());
    } catch (InitiatorException e) {
      BlkTarget.await("the target dies, after " + e, () -> !target.isAlive()); // it took over
    }
    assertThat(target.exit()).isEqualTo(KillPoint.EXIT);
  }
}
