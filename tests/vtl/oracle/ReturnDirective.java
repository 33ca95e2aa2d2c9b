import java.io.Writer;
import org.apache.velocity.context.InternalContextAdapter;
import org.apache.velocity.runtime.directive.Directive;
import org.apache.velocity.runtime.parser.node.Node;

/** AppSync's `#return` and `#return(value)`. */
public final class ReturnDirective extends Directive {
    @Override
    public String getName() {
        return "return";
    }

    @Override
    public int getType() {
        return LINE;
    }

    @Override
    public boolean render(InternalContextAdapter context, Writer writer, Node node) {
        throw new Oracle.Returned(node.jjtGetNumChildren() == 0 ? null : node.jjtGetChild(0).value(context));
    }
}
