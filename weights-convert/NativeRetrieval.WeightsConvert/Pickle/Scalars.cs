namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Boxed values that most pickles repeat.</summary>
static class Scalars
{
    static readonly object[] _small = [.. Enumerable.Range(0, 256).Select(value => (object)(long)value)];

    public static readonly object True = true;

    public static readonly object False = false;

    public static object Integer(int value) => unchecked((uint)value) < (uint)_small.Length ? _small[value] : (long)value;
}

/// <summary>Python's <c>None</c>.</summary>
sealed class PickleNone
{
    public static readonly PickleNone Value = new();

    PickleNone() { }

    public override string ToString() => "None";
}
