namespace NativeRetrieval.Indexing.Tests;

/// <summary>Details are compared by value, keyword by keyword.</summary>
public class SoundDetailsTests
{
    static SoundDetails Make() => new() { DurationSeconds = 2, Tags = [.. new[] { "soft", "dry" }] };

    public static TheoryData<string> Properties() => [.. typeof(SoundDetails).GetProperties().Select(property => property.Name)];

    [Theory]
    [MemberData(nameof(Properties))]
    public void Each_property_counts(string name)
    {
        SoundDetails details = Make(), other = Make();
        Assert.Equal(details, other);
        Assert.Equal(details.GetHashCode(), other.GetHashCode());
        var property = typeof(SoundDetails).GetProperty(name)!;
        object another = property.PropertyType == typeof(string) ? "other"
            : property.PropertyType == typeof(int?) ? 44_100
            : property.PropertyType == typeof(DateTime?) ? DateTime.UnixEpoch
            : property.PropertyType == typeof(double) ? 3.5 : (object)new[] { "dry", "soft" };
        property.SetValue(other, another);
        Assert.NotEqual(details, other);
    }
}
