using System.Globalization;
using System.Reflection;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Training.Settings;

/// <summary>One setting: its key (<c>training.lr</c>), type, meaning and range.</summary>
public sealed class SettingDefinition
{
    readonly PropertyInfo? _section;
    readonly PropertyInfo _property;
    readonly SettingAttribute _attribute;

    internal SettingDefinition(PropertyInfo? section, PropertyInfo property, SettingAttribute attribute)
    {
        (_section, _property, _attribute) = (section, property, attribute);
        string name = attribute.Key ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        Section = section is null ? "" : JsonNamingPolicy.SnakeCaseLower.ConvertName(section.Name);
        Name = name;
    }

    /// <summary>The part before the dot; empty for settings without a section.</summary>
    public string Section { get; }

    /// <summary>The part after the dot.</summary>
    public string Name { get; }

    /// <summary>Name with its section, as in <c>training.lr</c>.</summary>
    public string Key => Section.Length == 0 ? Name : $"{Section}.{Name}";

    /// <summary>Meaning of the setting, for people: a noun phrase in lower case.</summary>
    public string Meaning => _attribute.Meaning;

    /// <summary>
    /// Value, as files have it, of runs that were begun before there was this setting; null: the default.
    /// </summary>
    internal string? Before => _attribute.Before;

    /// <summary>Values that it takes, for people: <c>a number above 0 to 10</c> or <c>sum | mean</c>.</summary>
    public string Allowed
    {
        get
        {
            if (Type == typeof(bool)) return "true | false";
            if (Type.IsEnum) return string.Join(" | ", Values.Select(EnumName));
            if (Type == typeof(AudioArchitecture)) return string.Join(" | ", AudioArchitecture.All.Select(encoder => encoder.Key));
            string range = string.Create(CultureInfo.InvariantCulture,
                $"{(_attribute.AboveMin ? "above" : "from")} {_attribute.Min:R} to {_attribute.Max:R}");
            return IsList ? $"null | [whole numbers {range}]" : Type == typeof(double) ? $"a number {range}" : $"a whole number {range}";
        }
    }

    Type Type => _property.PropertyType;

    /// <summary>Values of an enumeration, in ascending order.</summary>
    IEnumerable<object> Values => Enum.GetValuesAsUnderlyingType(Type).Cast<object>().Select(number => Enum.ToObject(Type, number));

    bool IsList => Type == typeof(IReadOnlyList<int>);

    string Range => _attribute.Why is { } why ? $"{Allowed}: {why}" : Allowed;

    /// <summary>The setting's value in <paramref name="settings"/>; null only where <see cref="Allowed"/> says so.</summary>
    public object? Get(TrainingSettings settings) => _property.GetValue(_section is null ? settings : _section.GetValue(settings));

    /// <summary>Changes a copy that nobody else has seen yet.</summary>
    internal void Set(TrainingSettings copy, object? value) => _property.SetValue(_section is null ? copy : _section.GetValue(copy), value);

    /// <summary>The value as files have it.</summary>
    public string Format(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        Enum => EnumName(value),
        AudioArchitecture encoder => encoder.Key,
        IReadOnlyList<int> list => $"[{string.Join(", ", list)}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <param name="source">Place of the text, for messages.</param>
    /// <exception cref="OptionException">The text is not a value of this setting's type, or outside its range.</exception>
    internal object? Parse(string text, string source)
    {
        text = text.Trim();
        if (IsList && text == "null") return null;
        object? value = ParseOrNull(text);
        if (value is null) throw new OptionException($"{source}: {Key} = '{text}' is not allowed; it takes {Range}");
        Validate(value, source);
        return value;
    }

    internal void Validate(object? value, string? source = null)
    {
        bool inside = value switch
        {
            double number => InRange(number),
            int number => InRange(number),
            long number => InRange(number),
            IReadOnlyList<int> list => list.All(number => InRange(number)),
            Enum => Enum.IsDefined(Type, value),
            _ => true,
        };
        if (!inside)
            throw new OptionException($"{(source is null ? "" : source + ": ")}{Key} = {Format(value)} is not allowed; it takes {Range}");
    }

    bool InRange(double value) => (_attribute.AboveMin ? value > _attribute.Min : value >= _attribute.Min) && value <= _attribute.Max;

    object? ParseOrNull(string text)
    {
        if (Type == typeof(int))
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole) ? whole : null;
        if (Type == typeof(long))
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long wide) ? wide : null;
        if (Type == typeof(double))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
        if (Type == typeof(bool)) return text switch { "true" => true, "false" => false, _ => null };
        if (Type == typeof(AudioArchitecture)) return AudioArchitecture.All.FirstOrDefault(encoder => encoder.Key == text);
        if (IsList) return ParseList(text);
        return Values.FirstOrDefault(value => EnumName(value) == text);
    }

    static int[]? ParseList(string text)
    {
        if (text is not ['[', .., ']']) return null;
        var numbers = new List<int>();
        foreach (string part in text[1..^1].Split(','))
            if (int.TryParse(part.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)) numbers.Add(number);
            else return null;
        return [.. numbers];
    }

    /// <summary>The written form of an enumeration's value: its name in kebab-case, where it has no other.</summary>
    static string EnumName(object value) => value switch
    {
        Precision precision => PrecisionName.Of(precision),
        Block6Pooling.TwoByTwo => "2x2",
        Block6Pooling.OneByOne => "1x1",
        OptimizerKind.AdamW => "adamw",
        _ => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()!),
    };
}
