/**
 * The house rules as tests: who may know whom ({@link io.millrace.server.rules.ModuleRulesTest}),
 * how the tree reads ({@link io.millrace.server.rules.TidyTest}), and that what the documents show
 * is run by somebody ({@link io.millrace.server.rules.DocumentedCommandsTest}). They live here
 * because {@code server} is built after all the modules they look at. Each rule is a function from
 * what it looks at to the violations, and has a test in which it finds one.
 */
@NullMarked
package io.millrace.server.rules;

import org.jspecify.annotations.NullMarked;
