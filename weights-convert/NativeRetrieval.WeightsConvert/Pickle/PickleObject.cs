using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>An instance of an unknown class: the values that it was made from, kept as data.</summary>
sealed class PickleObject(PickleGlobal type, object arguments) : PickleContainer
{
    object _state = PickleNone.Value;
    PickleList? _list;
    PickleDict? _dict;

    public PickleGlobal Type => type;

    public object Arguments => arguments;

    /// <summary>The value that <c>__setstate__</c> or <c>__dict__</c> would get.</summary>
    public object State
    {
        get => _state;
        set => _state = value is PickleDict attributes && ModuleState.IsOne(attributes) ? new ModuleState(attributes) : value;
    }

    /// <summary>Items of an instance whose class is a list.</summary>
    public PickleList List => _list ??= new(PickleList.Kinds.List);

    /// <summary>Items of an instance whose class is a dictionary.</summary>
    public PickleDict Dict => _dict ??= new();

    public override int ChildCount => 3;

    public override object Child(int index) => index switch
    {
        0 => _state,
        1 => _dict is null ? PickleNone.Value : _dict,
        _ => _list is null ? PickleNone.Value : _list,
    };

    /// <summary>Attributes and items stand under the object's own name.</summary>
    public override void AppendKey(StringBuilder path, int index) { }
}
