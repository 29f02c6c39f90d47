using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Values in a row: Python's list, tuple or set.</summary>
sealed class PickleList(PickleList.Kinds kind, List<object>? items = null) : PickleContainer
{
    public enum Kinds : byte { List, Tuple, Set }

    public static readonly PickleList EmptyTuple = new(Kinds.Tuple);

    // Most empty lists stay empty, and a hostile pickle makes one with every byte.
    List<object>? _items = items;

    public Kinds Kind => kind;

    public int Count => _items?.Count ?? 0;

    public object this[int index] => _items![index];

    public void Add(object item) => (_items ??= []).Add(item);

    /// <summary>The same values under another kind, not copied.</summary>
    public PickleList As(Kinds other) => new(other, _items);

    public override int ChildCount => Count;

    public override object Child(int index) => this[index];

    public override void AppendKey(StringBuilder path, int index) => Append(path, (long)index);
}
