/** The example of {@code docs/bdev-modules.md}, in a package that sees only what is public. */
@NullMarked
package io.millrace.bdev.heat;

import org.jspecify.annotations.NullMarked;
