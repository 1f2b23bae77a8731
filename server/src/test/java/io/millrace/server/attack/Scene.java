package io.millrace.server.attack;

import io.millrace.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;

/** Where one attack takes place: it closes what the attack leaves open. */
final class Scene implements AutoCloseable {
  final BackEnd backEnd;

  /** Null where a back-end serves one front-end at a time. */
  final Bystander bystander;

  private final List<Attacker> attackers = new ArrayList<>();

  Scene(BackEnd backEnd, Bystander bystander) {
    this.backEnd = backEnd;
    this.bystander = bystander;
  }

  /** A front-end that has said nothing yet. */
  Attacker connect() throws LinuxException {
    Attacker attacker = Attacker.connect(backEnd.socket);
    attackers.add(attacker);
    return attacker;
  }

  /** A front-end whose memory is shared and whose features are negotiated. */
  Attacker begin() throws LinuxException {
    return connect().begin();
  }

  /** A running ring of 16 descriptors. */
  SplitRing ring() throws LinuxException {
    return begin().ring();
  }

  @Override
  public void close() {
    for (Attacker attacker : attackers) {
      attacker.close();
    }
    attackers.clear();
  }
}
