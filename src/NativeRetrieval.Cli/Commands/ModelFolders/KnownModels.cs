using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>The catalogue of the commands, and its words for people.</summary>
internal static class KnownModels
{
    /// <summary>Variable of the environment that names another catalogue.</summary>
    public const string CatalogueVariable = "NATIVERETRIEVAL_CATALOGUE";

    /// <summary>Variable of the environment that names mirrors.</summary>
    public const string MirrorVariable = "NATIVERETRIEVAL_MIRROR";

    const int MostBytes = 1 << 20;

    /// <summary>The catalogue of this program, or the one that the environment names.</summary>
    /// <exception cref="FileReadException">The file that the environment names cannot be read.</exception>
    /// <exception cref="OptionException">It is no catalogue.</exception>
    public static ModelCatalogue Of(Terminal terminal)
    {
        string? path = terminal.Variable(CatalogueVariable);
        if (string.IsNullOrEmpty(path)) return ModelCatalogue.Embedded;
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > MostBytes)
                throw new FileReadException(path, $"is no catalogue of models: it has more than {MostBytes} bytes");
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return ModelCatalogue.Parse(bytes);
        }
        catch (OptionException e)
        {
            throw new OptionException($"{path} ({CatalogueVariable}): {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, $"{e.Message}; {CatalogueVariable} names it", e);
        }
    }

    /// <summary>The mirrors that are given, else those of the environment.</summary>
    /// <exception cref="OptionException">They are no addresses.</exception>
    public static Mirrors MirrorsOf(Terminal terminal, string? given) => Mirrors.Parse(given ?? terminal.Variable(MirrorVariable) ?? "");

    /// <summary>Bytes of a model for people, with a plus where some are not known.</summary>
    public static string Size(CatalogueEntry model) =>
        model.SizeBytes is { } size ? Sizes.Text(size) : model.LeastBytes > 0 ? Sizes.Text(model.LeastBytes) + "+" : "?";

    /// <summary>Name, size, licence and source in one line.</summary>
    public static string Introduce(CatalogueEntry model) =>
        $"{model.Name}: {model.About}; {(Size(model) is var size && size == "?" ? "size not known" : size)}, licence {model.Licence}, from "
            + model.Source;
}
