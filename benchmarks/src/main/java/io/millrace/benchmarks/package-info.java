/**
 * What Millrace costs: JMH for single rings, and side-by-side runs against peers for the whole.
 * Everything here runs on the main thread of a process of its own; start reading at {@link
 * io.millrace.benchmarks.Main} and {@link io.millrace.benchmarks.Contest}.
 */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;
