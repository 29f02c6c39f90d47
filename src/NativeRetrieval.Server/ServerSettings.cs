using Microsoft.Extensions.Configuration;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Server;

/// <summary>The members of <see cref="ServerOptions"/> that a configuration can say: all that is written as text.</summary>
internal sealed class ServerSettings
{
    public string[] Indexes { get; set; } = [];

    public string? Model { get; set; }

    public string? Key { get; set; }

    public string[] UploadProgram { get; set; } = [];

    public string[] SoundFolders { get; set; } = [];

    public string[] QueryBank { get; set; } = [];

    public string? QueryBankCache { get; set; }

    public ServerLimits Limits { get; set; } = new();

    /// <exception cref="OptionException">A name is not known, or a value is none of its kind.</exception>
    public static ServerOptions Read(IConfiguration settings)
    {
        var bound = new ServerSettings();
        try
        {
            settings.Bind(bound, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            throw new OptionException($"the service's settings: {error.Message}");
        }
        return new ServerOptions
        {
            Indexes = bound.Indexes, Model = Given(bound.Model), Key = Given(bound.Key), UploadProgram = bound.UploadProgram,
            SoundFolders = bound.SoundFolders, QueryBank = bound.QueryBank, QueryBankCache = Given(bound.QueryBankCache),
            Limits = bound.Limits,
        };
    }

    static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
