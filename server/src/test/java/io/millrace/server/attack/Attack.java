package io.millrace.server.attack;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * An attack: a static method that takes a {@link Scene}, does what no peer should, and tells what
 * became of it. Throws a {@link Verdict} when that was not as it has to be.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Attack {
  /** The CVE or defect that it is after. */
  String id();

  /** What a back-end has to do. */
  String rule();

  /** What Millrace is seen to do, word for word; nothing where that differs from time to time. */
  String millrace() default "";
}
