package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeferralTest {
  private final Reactor reactor = Reactor.stepped("stepped");
  private final List<String> order = new ArrayList<>();
  private final Deferral other = reactor.deferral(() -> order.add("other"));

  @AfterEach
  void close() {
    reactor.close();
  }

  @Test
  void howeverOftenItIsAskedItRunsOnceWhereItWasAskedFirst() {
    Deferral work = reactor.deferral(() -> order.add("work"));
    work.ask();
    other.ask();
    work.ask();

    reactor.runOnce(0);
    reactor.runOnce(0);

    assertThat(order).containsExactly("work", "other");
  }

  @Test
  void itIsTakenAgainRoundAfterRound() {
    for (int i = 0; i < 3; i++) {
      other.ask();
      reactor.runOnce(0);
    }

    assertThat(order).containsExactly("other", "other", "other");
  }

  @Test
  void askedByItsOwnWorkItRunsOnceMoreBehindTheOthers() {
    Deferral[] work = new Deferral[1];
    work[0] =
        reactor.deferral(() -> {
          order.add("asked: " + work[0].isAsked());
          if (order.size() == 1) {
            work[0].ask();
            order.add("asked: " + work[0].isAsked());
          }
        });
    work[0].ask();
    other.ask();
    assertThat(work[0].isAsked()).isTrue();

    reactor.runOnce(0);

    assertThat(order).containsExactly("asked: false", "asked: true", "other", "asked: false");
    assertThat(work[0].isAsked()).isFalse();
  }

  @Test
  void whatIsCutShortRunsOnceMoreAndTheRestIsNotLost() {
    Deferral work =
        reactor.deferral(() -> {
          order.add("work");
          if (order.size() == 1) {
            // no guard knows of it, as of an error that the JVM delivers between two of them
            throw DeferralTest.<RuntimeException>unchecked(new IOException("cut"));
          }
        });
    work.ask();
    other.ask();

    assertThatThrownBy(() -> reactor.runOnce(0)).isInstanceOf(IOException.class);
    reactor.runOnce(0);

    assertThat(order).containsExactly("work", "work", "other");
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
