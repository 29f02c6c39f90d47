using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>The pre-trained models that are known by name: <c>catalogue.json</c> in this assembly.</summary>
public sealed class ModelCatalogue
{
    readonly Dictionary<string, CatalogueEntry> _byName;

    ModelCatalogue(IReadOnlyList<CatalogueEntry> models)
    {
        Models = models;
        _byName = models.SelectMany(model => model.Names.Select(name => (name, model)))
            .ToDictionary(pair => pair.name, pair => pair.model, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The catalogue that is part of this assembly.</summary>
    public static ModelCatalogue Embedded { get; } = ReadEmbedded();

    /// <summary>All models in the order of the file.</summary>
    public IReadOnlyList<CatalogueEntry> Models { get; }

    /// <summary>Reads another catalogue in the format of <c>catalogue.json</c>.</summary>
    /// <exception cref="OptionException">The text is no catalogue, or an entry cannot be used as it stands.</exception>
    public static ModelCatalogue Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var models = JsonSerializer.Deserialize(json, CatalogueJson.Default.CatalogueDocument)?.Models
                ?? throw new OptionException("the catalogue is null");
            foreach (var model in models) model.Validate();
            var twice = models.SelectMany(model => model.Names).GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(group => group.Count() > 1);
            if (twice is not null) throw new OptionException($"the catalogue has two models named '{twice.Key}'");
            return models.Count(model => model.IsDefault) <= 1
                ? new ModelCatalogue(models)
                : throw new OptionException("the catalogue has more than one default model");
        }
        catch (JsonException e)
        {
            throw new OptionException($"the catalogue is not readable: {e.Message}");
        }
    }

    /// <summary>The model that is offered where none is named; null: there is none.</summary>
    public CatalogueEntry? Default => Models.FirstOrDefault(model => model.IsDefault);

    /// <summary>
    /// The model of a name; upper and lower case are the same, <c>_</c> is <c>-</c>, an owner before <c>/</c> is left out.
    /// </summary>
    /// <exception cref="OptionException">There is no model of this name; the message lists the names.</exception>
    public CatalogueEntry Find(string name) => _byName.TryGetValue(Plain(name), out var entry)
        ? entry
        : throw new OptionException($"there is no model '{name}' in the catalogue; known are "
            + $"{string.Join(", ", Models.Where(model => model.Refused is null).Select(model => model.Name))}");

    /// <summary>True if <see cref="Find"/> knows the name.</summary>
    public bool Contains(string name) => _byName.ContainsKey(Plain(name));

    static string Plain(string name) => name[(name.LastIndexOf('/') + 1)..].Replace('_', '-');

    static ModelCatalogue ReadEmbedded()
    {
        using var stream = typeof(ModelCatalogue).Assembly.GetManifestResourceStream("catalogue.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Parse(bytes);
    }
}
