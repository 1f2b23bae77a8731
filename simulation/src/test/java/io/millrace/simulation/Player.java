package io.millrace.simulation;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Plays plans, and makes one that fails shorter as long as it fails. */
final class Player {
  /** What a plan failed by, and what the guest had seen until then. */
  record Failure(Plan plan, String rule, List<Request> history) {
    /** All that is needed to see it again. */
    String report() {
      StringBuilder text = new StringBuilder();
      long seed = plan.setup().seed();
      text.append("seed ").append(seed).append(": ").append(rule);
      text.append("\nAgain: mvn -pl simulation -am test -Dtest=SimulationTest -Dmillrace.seed=");
      text.append(seed).append(" -Dsurefire.failIfNoSpecifiedTests=false\n").append(plan.setup());
      text.append("\nThe shortest history that fails:");
      plan.actions().forEach(action -> text.append("\n  ").append(action));
      text.append("\nWhat the guest saw:");
      history.forEach(request -> text.append("\n  ").append(request));
      return text.toString();
    }
  }

  private static final int MOST_TRIES = 400;

  private final Path folder;
  private final Defects defects = Defects.install();
  private final Tally tally = new Tally();

  Player(Path folder) {
    this.folder = folder;
  }

  Tally tally() {
    return tally;
  }

  /** Plays a plan; null when every rule was kept. */
  Failure play(Plan plan) throws Exception {
    List<Request> history = new ArrayList<>();
    String rule = play(plan, history);
    return rule == null ? null : new Failure(plan, rule, history);
  }

  /** What the guest sees of a plan. */
  String trace(Plan plan) throws Exception {
    List<Request> history = new ArrayList<>();
    return play(plan, history) + history;
  }

  private String play(Plan plan, List<Request> history) throws Exception {
    Path image = folder.resolve(tally.histories++ + ".img"); // its lock may outlive a failure
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength((long) plan.setup().sectors() * Sector.BYTES);
    }
    String rule = null;
    Simulation simulation = new Simulation(plan.setup(), image, folder, tally);
    try (simulation) {
      simulation.play(plan.actions());
    } catch (Violation | AssertionError e) {
      rule = e.getMessage();
    }
    Files.delete(image);
    history.addAll(simulation.history());
    String defect = defects.take();
    return rule == null ? defect : rule;
  }

  /** Leaves out what is not needed for a failure: half of the actions, a quarter, single ones. */
  Failure shorten(Failure failure) throws Exception {
    Failure shortest = failure;
    int tries = 0;
    int piece = Math.max(1, failure.plan().actions().size() / 2);
    while (tries < MOST_TRIES) {
      int before = shortest.plan().actions().size();
      for (int at = 0; at < shortest.plan().actions().size() && tries < MOST_TRIES; tries++) {
        List<Action> fewer = new ArrayList<>(shortest.plan().actions());
        fewer.subList(at, Math.min(at + piece, fewer.size())).clear();
        Failure again = play(new Plan(shortest.plan().setup(), fewer));
        if (again == null) {
          at += piece;
        } else {
          shortest = again;
        }
      }
      if (piece == 1 && shortest.plan().actions().size() == before) {
        break;
      }
      piece = Math.max(1, piece / 2);
    }
    return shortest;
  }
}
