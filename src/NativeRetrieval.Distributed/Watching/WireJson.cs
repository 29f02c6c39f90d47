using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Distributed.Joining;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>The types of all messages and of the coordinator's file as JSON, by generated code.</summary>
[JsonSerializable(typeof(byte[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(Welcome))]
[JsonSerializable(typeof(Roster))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(Accusation))]
[JsonSerializable(typeof(Verdict))]
[JsonSerializable(typeof(LinkHello))]
[JsonSerializable(typeof(CoordinatorFile))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <exception cref="InvalidOperationException">Messages have no values of this type.</exception>
    public static JsonTypeInfo<T> Of<T>() =>
        Default.GetTypeInfo(typeof(T)) as JsonTypeInfo<T> ?? throw new InvalidOperationException($"no message has a {typeof(T).Name}");
}
