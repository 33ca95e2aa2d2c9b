//! What must not hang, overflow or grow: whatever a template does ends in an answer or in an error.

use super::generator;
use crate::context::Context;
use crate::error::SourceFile;
use crate::handler::vtl::{Rendered, Template};
use crate::limits::Limits;
use crate::value::{Value, object};

fn render(template: &str, ctx: &mut Context) -> Result<Rendered, String> {
    let file = SourceFile::new("velocity", template);
    let (template, _) = Template::parse(&file).map_err(|problems| problems[0].message.clone())?;
    template.render(ctx, &Limits::default()).map_err(|failure| failure.error.message.to_string())
}

fn error(template: &str) -> String {
    let mut ctx = Context { stash: Value::empty_object(), ..Context::default() };
    render(template, &mut ctx).expect_err(template)
}

/// The stack of a worker thread, in a build without optimisation.
fn on_a_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(2 << 20).spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

#[test]
fn nesting_without_end_is_refused() {
    on_a_small_stack(|| {
        for (open, close) in [
            ("#if($x)", "#end"),
            ("#foreach($x in $y)", "#end"),
            ("$x.a(", ")"),
            ("$x[$y", "]"),
            ("#macro(f)", "#end"),
            ("#define($x)", "#end"),
            ("#@f()", "#end"),
            ("${x.a(", ")}"),
        ] {
            let template = format!("{}{}", open.repeat(10_000), close.repeat(10_000));
            assert!(Template::parse(&SourceFile::new("velocity", template)).is_err(), "{open}");
        }
        for (open, close) in
            [("(", ")"), ("[", "]"), ("!", ""), ("{'a':", "}"), ("1 + ", ""), ("1 == ", ""), ("$x || ", "")]
        {
            let template = format!("#set($x = {}1{})", open.repeat(10_000), close.repeat(10_000));
            assert!(Template::parse(&SourceFile::new("velocity", template)).is_err(), "{open}");
        }
    });
}

#[test]
fn the_deepest_template_that_is_read_also_renders() {
    on_a_small_stack(|| {
        for (open, middle, close) in [
            ("#if(!$x)", "a", "#end"),
            ("#foreach($i in [1..1])", "a", "#end"),
            ("$util.defaultIfNull(", "1", ",1)"),
            ("#set($x = (", "1", "))"),
        ] {
            let deepest = (1..200)
                .rev()
                .map(|count| format!("{}{middle}{}", open.repeat(count), close.repeat(count)))
                .find(|template| Template::parse(&SourceFile::new("velocity", template.as_str())).is_ok())
                .unwrap();
            render(&deepest, &mut Context::default()).unwrap_or_else(|error| panic!("{open}: {error}"));
        }
        let list = format!("#set($x = {}1{})$x", "[".repeat(40), "]".repeat(40));
        assert!(matches!(render(&list, &mut Context::default()), Ok(Rendered::Text(_))));
    });
}

#[test]
fn a_loop_has_a_thousand_rounds() {
    let thousand = render("#foreach($i in [1..1000])x#end", &mut Context::default()).unwrap();
    assert_eq!(thousand, Rendered::Text("x".repeat(1000)));
    let message = error("\n #foreach($i in [1..1001])x#end");
    assert_eq!(message, "#foreach ran for more than 1000 rounds at velocity[line 2, column 2]");
}

#[test]
fn loops_inside_loops_end() {
    let nested = "#foreach($a in [1..1000])".repeat(4) + "$a" + &"#end".repeat(4);
    assert_eq!(error(&nested), "the template did more than 5000000 steps");
}

#[test]
fn texts_and_lists_that_double_end() {
    let bounds = ["used more than 64 MB of memory", "did more than 5000000 steps", "printed more than 5 MB"];
    let memory = |message: String| assert!(bounds.iter().any(|bound| message.contains(bound)), "{message}");
    memory(error("#set($x = 'ab')#foreach($i in [1..100])#set($x = $x + $x)#end"));
    memory(error("#set($x = 'ab')#foreach($i in [1..100])#set($x = \"$x$x\")#end"));
    memory(error("#set($x = [1])#foreach($i in [1..100])$util.qr($x.addAll($x))#end"));
    memory(error("#set($x = 'ab')#set($x = $x.repeat(2000000000))"));
    memory(error("#set($x = 'a')#set($x = $x.repeat(100000))#set($x = $x.replace('a', $x))"));
    memory(error("#set($x = [1])#foreach($i in [1..100])#set($x = [$x, $x])#end#set($y = \"$x\")"));
    memory(error("#set($x = [1])#foreach($i in [1..100])#set($x = [$x, $x])#end$util.toJson($x)"));
    memory(error("#set($x = [1])#foreach($i in [1..100])#set($x = [$x, $x])#end#return($x)"));
    let output = error("#foreach($i in [1..1000])#foreach($i in [1..1000])0123456789#end#end");
    assert_eq!(output, "the template printed more than 5 MB");
}

#[test]
fn slow_patterns_end_with_the_handler_s_time() {
    let template = "#foreach($i in [1..1000])$util.matches('(a|a)+$', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!$i')#end";
    let file = SourceFile::new("velocity", template);
    let template = Template::parse(&file).unwrap().0;
    let limits = Limits { handler_timeout: std::time::Duration::ZERO, ..Limits::default() };
    let failure = template.render(&mut Context::default(), &limits).unwrap_err();
    assert!(failure.error.message.starts_with("the template ran for more than 0ns"), "{}", failure.error.message);
}

#[test]
fn what_contains_itself_ends() {
    let deep = "a value nests deeper than 200 levels, or contains itself";
    on_a_small_stack(|| {
        let cycle = "#set($a = {})#set($b = {'a': $a})$util.qr($a.put('b', $b))";
        for use_of in
            ["$a", "$util.toJson($a)", "#return($a)", "$a.hashCode()", "#set($x = \"$a\")", "$ctx.stash.put('a', $a)"]
        {
            assert!(error(&format!("{cycle}{use_of}")).starts_with(deep), "{use_of}");
        }
        let twice = "#set($c = {})#set($d = {'a': $c})$util.qr($c.put('b', $d))".replace("'a'", "'b'");
        let twice = format!("{}{twice}", cycle.replace("'a'", "'b'"));
        assert!(error(&format!("{twice}$a.equals($c)")).contains(deep));
        // As Java does for what is directly inside itself.
        let inside = render("#set($a = {})$util.qr($a.put('a', $a))$a", &mut Context::default());
        assert_eq!(inside, Ok(Rendered::Text("{a=(this Map)}".to_owned())));
    });
}

#[test]
fn an_endless_chain_of_lists_is_dropped_without_a_deep_stack() {
    let template = "#set($x = [])#foreach($i in [1..500])#foreach($j in [1..200])#set($x = [$x])#end#end$x.size()";
    on_a_small_stack(|| assert_eq!(render(template, &mut Context::default()), Ok(Rendered::Text("1".to_owned()))));
}

#[test]
fn macros_and_evaluations_that_call_themselves_end() {
    on_a_small_stack(|| {
        let message = error("#macro(f)#f()#end#f()");
        assert!(message.starts_with("Max calling depth of 20 was exceeded in macro 'f' at velocity["), "{message}");
        error("#set($x = '#evaluate($x)')#evaluate($x)");
        error("#macro(f)#foreach($i in [1..1000])#f()#end#end#f()");
        error("#macro(f $a)$a #f(\"$a$a\")#end#f('x')");
    });
}

#[test]
fn stash_and_arguments_are_kept_by_reference_and_copied_only_when_changed() {
    let input: Value = object! { "a" => 1 };
    let mut ctx =
        Context { arguments: object! { "input" => input }, stash: object! { "s" => 1 }, ..Context::default() };
    let arguments = ctx.arguments.clone();
    render("$util.qr($ctx.stash.put('x', $ctx.args.input.a))", &mut ctx).unwrap();
    assert_eq!(ctx.stash.to_string(), r#"{"s":1,"x":1}"#);
    let same = |one: &Value, two: &Value| match (one, two) {
        (Value::Object(one), Value::Object(two)) => std::sync::Arc::ptr_eq(one, two),
        _ => false,
    };
    assert!(same(ctx.arguments.get("input").unwrap(), arguments.get("input").unwrap()) || ctx.arguments == arguments);
    render("#set($input = $ctx.args.input)$util.qr($input.put('b', 2))", &mut ctx).unwrap();
    assert_eq!(ctx.arguments.to_string(), r#"{"input":{"a":1,"b":2}}"#);
    assert_eq!(arguments.to_string(), r#"{"input":{"a":1}}"#, "the caller's own stay");
}

#[test]
fn a_loop_over_a_thousand_items_is_linear() {
    /// The least memory with which the loop comes to its end: every copy that is made counts, kept or not.
    fn needed(count: i64) -> usize {
        let items: Value = (0..count).map(|at| object! { "id" => at, "name" => "x" }).collect();
        let template = "#foreach($i in $ctx.result.items)$util.qr($i.put('a', $i.id))$i.name#end";
        let template = Template::parse(&SourceFile::new("velocity", template)).unwrap().0;
        let suffices = |bytes: usize| {
            let mut ctx = Context { result: object! { "items" => items.clone() }, ..Context::default() };
            template.render(&mut ctx, &Limits { handler_memory_bytes: bytes, ..Limits::default() }).is_ok()
        };
        let (mut short, mut enough) = (0, Limits::default().handler_memory_bytes);
        assert!(suffices(enough) && !suffices(short));
        while enough - short > 1 {
            let middle = short + (enough - short) / 2;
            if suffices(middle) { enough = middle } else { short = middle }
        }
        enough
    }
    let (few, many) = (needed(100), needed(1_000));
    assert!(many < few * 12, "{few} bytes for 100 items, {many} for 1000");
}

#[test]
fn whatever_is_written_is_read_and_rendered_or_refused() {
    on_a_small_stack(|| {
        for template in generator::templates(7, 4_000) {
            let _ = render(&template, &mut Context::default());
            // Cut anywhere, it is still no reason to panic.
            let half = template.floor_char_boundary(template.len() / 2);
            let _ = render(&template[..half], &mut Context::default());
        }
    });
}
