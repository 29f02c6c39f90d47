namespace NativeRetrieval.Training.Settings;

/// <summary>Meaning and range of a setting: the one source for validation, error messages and the comments in stored settings.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string meaning) : Attribute
{
    /// <summary>Meaning of the setting, for people: a noun phrase in lower case.</summary>
    public string Meaning { get; } = meaning;

    /// <summary>Smallest value of a number, or of each number of a list.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest value of a number, or of each number of a list.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary><see cref="Min"/> itself is excluded.</summary>
    public bool AboveMin { get; init; }

    /// <summary>Reason for the range, shown with a value outside it; null: none is needed.</summary>
    public string? Why { get; init; }

    /// <summary>
    /// Value, as files have it, of runs that were begun before there was this setting: they go on with it. Null: the default.
    /// </summary>
    public string? Before { get; init; }

    /// <summary>The name in files and on the command line where it is not the property's in snake_case.</summary>
    public string? Key { get; init; }
}
