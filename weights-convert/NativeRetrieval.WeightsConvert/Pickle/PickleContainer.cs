using System.Globalization;
using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// A value that holds other values. A pickle describes a graph: one value may be held by several containers, or by itself.
/// Scalars are <see cref="string"/>, <see cref="long"/>, <see cref="System.Numerics.BigInteger"/>, <see cref="double"/>,
/// <see cref="bool"/>, <see cref="PickleNone"/> and byte arrays.
/// </summary>
abstract class PickleContainer
{
    public abstract int ChildCount { get; }

    public abstract object Child(int index);

    /// <summary>Appends the element of a dotted path that names a child, with a dot before it unless the path is empty.</summary>
    public abstract void AppendKey(StringBuilder path, int index);

    /// <summary>
    /// Position in the order in which a walk over the graph left the containers: 0 before it came, negative while it is inside.
    /// </summary>
    public int Finished { get; set; }

    /// <summary>True if a path from here leads to a tensor without meeting a container that holds this one.</summary>
    public bool HoldsTensors { get; set; }

    protected static void Append(StringBuilder path, object key)
    {
        if (path.Length > 0) path.Append('.');
        path.Append(key switch
        {
            string text => text,
            bool value => value ? "True" : "False",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            PickleNone => "None",
            _ => "?",
        });
    }
}
