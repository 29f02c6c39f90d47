using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Endpoints;
using NativeRetrieval.Server.Security;

namespace NativeRetrieval.Server;

/// <summary>The service as a program of its own: page, endpoints, health, metrics and its description, on one address.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    /// <summary>Seconds in which requests that are being answered can end when the service stops.</summary>
    public const int DrainSeconds = 10;

    readonly WebApplication _application;

    ServerHost(WebApplication application) => _application = application;

    /// <summary>The address that the service answers at, such as <c>http://127.0.0.1:8321</c>.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
        .Addresses.First());

    /// <summary>Opens the indexes and begins to answer.</summary>
    /// <param name="address">Address of this machine to listen on; a key is required where it is not loopback.</param>
    /// <param name="port">Port; 0: any that is free.</param>
    /// <param name="log">Receiver of what goes wrong inside; null: nobody.</param>
    /// <exception cref="OptionException">An option is out of its range, or the address is not loopback and there is no key.</exception>
    /// <exception cref="NativeRetrievalException">The model or an index cannot be opened, or the address cannot be used.</exception>
    public static async Task<ServerHost> StartAsync(ServerOptions options, IPAddress address, int port, ILoggerProvider? log = null,
        CancellationToken cancellation = default)
    {
        if (!IPAddress.IsLoopback(address) && options.Key is null)
            throw new OptionException($"{address} can be reached from other machines: that takes a key; name a file that holds one");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "NativeRetrieval.Server" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (log is not null) builder.Logging.AddProvider(log);
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(address, port);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(DrainSeconds));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, ForeignJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        builder.Services.AddOpenApi("v1", description => description
            .AddOperationTransformer(Description.CompleteAsync).AddSchemaTransformer(Description.CompleteAsync));
        builder.Services.AddNativeRetrieval(options);
        // The signals are the program's own affair.
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        var application = builder.Build();
        try
        {
            Map(application);
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return new ServerHost(application);
        }
        catch (Exception error)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            if (error is IOException { InnerException: AddressInUseException })
                throw new NativeRetrievalException($"{new IPEndPoint(address, port)} is in use by another program; choose another port",
                    error);
            if (error is SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AccessDenied })
                throw new NativeRetrievalException($"{new IPEndPoint(address, port)} cannot be listened on: {error.Message}", error);
            throw;
        }
    }

    static void Map(WebApplication application)
    {
        application.MapNativeRetrieval();
        application.MapNativeRetrievalOperations();
        application.MapOpenApi().Guarded();
        PageEndpoints.Map(application);
        application.MapFallback(ServerExtensions.Nothing).Guarded(Access.Open);
    }

    /// <summary>Takes no new requests, and waits up to ten seconds for those that are being answered.</summary>
    /// <returns>True where all were answered.</returns>
    public async Task<bool> StopAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(DrainSeconds));
        try
        {
            await _application.StopAsync(patience.Token).ConfigureAwait(false);
            return !patience.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Closes the service, its indexes and its model.</summary>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <summary>A lifetime that begins and ends by calls alone.</summary>
    sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
